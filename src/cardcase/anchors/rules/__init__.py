"""What an anchor is and when it holds. Pure: no network, no table, no clock."""
