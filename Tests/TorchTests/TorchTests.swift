// TorchTests
