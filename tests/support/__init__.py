"""What tests share: real servers, planted passwords."""
