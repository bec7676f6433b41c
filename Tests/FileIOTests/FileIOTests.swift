// FileIOTests
