// AdaptersTests
