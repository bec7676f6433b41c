import Diagnostics
import FileIO

extension GraftError {
  static func outputExists(_ path: String) -> Self {
    Self(
      .outputExists, "already exists", file: path,
      remedy: "Name another output, or pass --force to replace it")
  }

  static func outputIsInput(_ path: String) -> Self {
    Self(.outputIsInput, "is the input, which is only read", file: path)
  }
}
