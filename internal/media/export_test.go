package media

// EndOfLife is for tests.
var EndOfLife = endOfLife
