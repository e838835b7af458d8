"""What a picture of a chat says, worked out from lines, colours and places. Pure: nothing here opens a picture."""
