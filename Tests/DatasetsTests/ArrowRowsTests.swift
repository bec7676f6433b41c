import Diagnostics
import FileIO
import StrictJSON
import TestSupport
import Testing

@testable import Datasets

/// Fixtures by Scripts/golden/make_arrow_rows.py, with pyarrow's own reading of them.
@Suite struct `Arrow files give the rows of pyarrow` {
  private let folder = splitPath(#filePath).parent + "/Fixtures/arrow"

  private func rows(_ path: String) throws -> [JSONValue] {
    try DataRows(path).map { try $0.get().value }
  }

  @Test(arguments: ["stream", "file", "saved"]) func everyColumn(name: String) throws {
    let golden = name == "saved" ? "saved" : "rows"
    let wanted = try DataRows("\(folder)/\(golden).json").map { try $0.get().value }
    let own = try rows("\(folder)/\(name).arrow")
    #expect(own.count == wanted.count && own.count >= 4)
    for (row, wanted) in zip(own, wanted) {
      #expect(row.object?.keys.count == wanted.object?.keys.count)
      for (key, value) in wanted.object ?? JSONObject() {
        #expect(Self.isSame(row[key], value), "\(key)")
      }
    }
  }

  /// Numbers are compared as such: pyarrow prints single precision with all its digits.
  private static func isSame(_ a: JSONValue?, _ b: JSONValue) -> Bool {
    if case .number(let a)? = a, case .number(let b) = b {
      return a.text == b.text || (a.int == nil && a.double == b.double)
    }
    return a == b
  }

  @Test func packedFilesAreRefused() {
    let error = #expect(throws: GraftError.self) { try rows("\(folder)/packed.arrow") }
    #expect(error?.message.contains("compressed") == true && error?.code == .brokenDataFile)
  }

  /// Cut and changed anywhere: an error or rows, and nothing worse.
  @Test(arguments: ["stream", "file", "saved"]) func brokenFiles(name: String) throws {
    let directory = try TemporaryDirectory()
    let bytes = try readFile("\(folder)/\(name).arrow")
    let path = directory.file("broken.arrow")
    var failures = 0
    for cut in stride(from: 0, to: bytes.count, by: 97) {
      try write(Array(bytes[..<cut]), path)
      do { _ = try rows(path) } catch let error as GraftError {
        #expect(error.code == .brokenDataFile && error.file == path)
        failures += 1
      }
    }
    #expect(failures > 5)
    for place in stride(from: 0, to: bytes.count, by: 13) {
      for value in [0, 0x7F, 0xFF] as [UInt8] {
        var changed = bytes
        changed[place] = value
        try write(changed, path)
        do { _ = try rows(path) } catch let error as GraftError {
          #expect(error.file == path)
        }
      }
    }
  }

  private func write(_ bytes: [UInt8], _ path: String) throws {
    removeTree(path)
    let file = try OutputFile(path)
    try file.write(bytes)
    _ = try file.close()
  }
}
