"""What a laptop and a test run need around Acende: real servers, fetched once, gone when nobody needs them."""
