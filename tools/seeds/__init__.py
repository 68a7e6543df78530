"""What the pages assert, tried from many starts: one module for each page that trains, apart from the tests."""
