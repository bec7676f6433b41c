import FileIO

/// Small files that are committed with the project, in Tests/Fixtures.
public enum Fixtures {
  /// The path of one fixture.
  public static func path(_ name: String) -> String {
    "\(splitPath(splitPath(#filePath).parent).parent)/Fixtures/\(name)"
  }
}
