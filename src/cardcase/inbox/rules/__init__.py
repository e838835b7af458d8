"""What is said to buyers: drafts from templates, the tone check, how a message is shown. Pure."""
