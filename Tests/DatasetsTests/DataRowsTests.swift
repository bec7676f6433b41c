import Diagnostics
import FileIO
import Foundation
import StrictJSON
import TestSupport
import Testing

@testable import Datasets

@Suite struct `Rows are read from every kind of file` {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func rows(_ path: String) throws -> [(String, Int)] {
    try DataRows(path).map {
      let row = try $0.get()
      return (row.value.text(), row.line)
    }
  }

  private func write(_ text: String, _ name: String) throws -> String {
    try directory.write(Array(text.utf8), to: name)
  }

  private func pack(_ program: String, _ path: String) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program, "-k", "-q", path]
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
  }

  @Test func textAndTables() throws {
    let text = try rows(write("one\r\n\n drei \u{FC}", "a.txt"))
    #expect(text.map(\.0) == [#"{"text":"one"}"#, #"{"text":""}"#, #"{"text":" drei ü"}"#])
    let table = try rows(
      write("\u{FEFF}q,a\r\n\"x, \"\"y\"\"\nz\",1\r\n\r\n,\"\"\nlast", "b.csv"))
    #expect(
      table.map(\.0) == [
        #"{"q":"x, \"y\"\nz","a":"1"}"#, #"{"q":null,"a":null}"#, #"{"q":"last","a":null}"#,
      ])
    #expect(table.map(\.1) == [2, 5, 6])
  }

  @Test func packedFiles() throws {
    let lines = try write("{\"a\": 1}\n\n{\"a\": 2}\n", "c.jsonl")
    let list = try write("\n[{\"a\": 1},\n {\"a\": 2}]", "d.json")
    let table = try write("a\n1\n2\n", "e.csv")
    let text = try write("1\n2\n", "f.txt")
    let packers = [("gzip", "gz"), ("zstd", "zst")].filter { fileExists("/usr/bin/\($0.0)") }
    #expect(!packers.isEmpty)
    for (program, suffix) in packers {
      for path in [lines, list] {
        try pack(program, path)
        #expect(try rows("\(path).\(suffix)").map(\.0) == [#"{"a":1}"#, #"{"a":2}"#])
      }
      for path in [table, text] {
        try pack(program, path)
        #expect(try rows("\(path).\(suffix)").map(\.0) == rows(path).map(\.0))
      }
      var bytes = try readFile("\(lines).\(suffix)")
      bytes.removeLast(6)
      let cut = try directory.write(bytes, to: "cut.jsonl.\(suffix)")
      let error = #expect(throws: GraftError.self) { try rows(cut) }
      #expect(error?.code == .brokenDataFile && error?.file == cut)
    }
  }

  @Test func brokenFiles() throws {
    func expect(_ code: GraftError.Code, _ path: String) {
      let error = #expect(throws: GraftError.self) { try rows(path) }
      #expect(error?.code == code, "\(path)")
      #expect(error?.file == path)
    }
    expect(.dataFileType, try write("", "e.xlsx"))
    expect(.brokenDataFile, try write("q\n\"open", "f.csv"))
    expect(.brokenDataFile, try write("q\n1,2", "g.csv"))
    expect(.brokenDataFile, try directory.write([0x61, 0xFF, 0x0A], to: "h.txt"))
    let row = #expect(throws: GraftError.self) { try rows(write("{}\n{\"a\": \n", "i.jsonl")) }
    #expect(row?.line == 2)
  }

  @Test(.enabled(if: Shared.isPresent && PeersPython.duckDB != nil, "needs ../shared and DuckDB"))
  func parquet() throws {
    let folder = "\(Shared.path ?? "")/assets/parquet"
    for (name, count) in [
      ("hf_default", 1136), ("hf_zstd", 1136), ("pa_v2_delta", 1136), ("pa_snappy_300", 300),
    ] {
      let path = "\(folder)/\(name).parquet"
      let own = try DataRows(path, database: PeersPython.duckDB).map { try $0.get().value }
      #expect(own.count == count, "\(name): \(own.count)")
      if PeersPython.isPresent {
        let code = """
          import sys, json, pyarrow.parquet as p
          for r in p.read_table(sys.argv[1]).to_pylist(): print("ROW", json.dumps(r))
          """
        let lines = try PeersPython.run(["-c", code, path]).split(separator: "\n")
          .filter { $0.hasPrefix("ROW ") }
        #expect(lines.count == own.count)
        for (line, row) in zip(lines, own) {
          #expect(try JSONValue.parse(String(line.dropFirst(4))) == row)
        }
      }
    }
    var bytes = try readFile("\(folder)/pa_snappy_300.parquet")
    bytes.removeLast(100)
    let cut = try directory.write(bytes, to: "cut.parquet")
    let error = #expect(throws: GraftError.self) {
      try DataRows(cut, database: PeersPython.duckDB).map { try $0.get() }
    }
    #expect(error?.code == .brokenDataFile && error?.file == cut)
  }

  @Test func missingReaderIsNamed() throws {
    let path = try write("PAR1", "x.parquet")
    let error = #expect(throws: GraftError.self) {
      try DataRows(path, database: "/nonexistent/duckdb").map { try $0.get() }
    }
    #expect(error?.code == .missingReader && error?.file == path)
    #expect(error?.remedy?.contains("duckdb-cli") == true)
  }
}
