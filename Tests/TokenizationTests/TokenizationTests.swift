// TokenizationTests
