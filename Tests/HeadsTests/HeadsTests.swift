// HeadsTests
