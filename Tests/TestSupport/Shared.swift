import FileIO

/// The folder of real checkpoints and reference data that stands beside the project, where there
/// is one. Tests that need it are skipped elsewhere.
public enum Shared {
  /// The folder itself, or nil.
  public static let path: String? = {
    // Tests/TestSupport/Shared.swift -> the project -> the folder above it
    var root = #filePath
    for _ in 0..<4 { root = splitPath(root).parent }
    let path = "\(root)/shared"
    return directoryExists(path) ? path : nil
  }()

  /// Whether the folder is there.
  public static var isPresent: Bool { path != nil }

  /// The path of one checkpoint of the zoo.
  public static func zoo(_ name: String) -> String { "\(path ?? "")/zoo/cases/\(name)" }
}
