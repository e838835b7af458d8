"""The form of a pack and how its texts are made visible: pure, shared by whoever seals and whoever verifies."""
