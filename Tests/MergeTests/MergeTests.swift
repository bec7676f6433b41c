// MergeTests
