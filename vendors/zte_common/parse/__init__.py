"""What a ZXAN or TITAN prints, as values. Total: a value, or UnknownReply."""
