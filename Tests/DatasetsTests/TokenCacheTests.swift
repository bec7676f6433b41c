import Diagnostics
import FileIO
import Foundation
import StrictJSON
import TestSupport
import Testing

@testable import Datasets

@Suite struct `Tokens are cached on the disk` {
  private let directory: TemporaryDirectory
  private var folder: String { directory.file("tokens") }

  init() throws {
    directory = try TemporaryDirectory()
    try makeDirectories(directory.file("model"))
    for (name, text) in [
      ("rows.jsonl", "{\"a\": 1}\n"), ("more.jsonl", "{\"a\": 2}\n"),
      ("model/tokenizer.json", "{}"), ("model/config.json", "{}"),
    ] {
      try writeFileAtomically(directory.file(name), text)
    }
  }

  private func key(
    _ files: [String] = ["rows.jsonl"], layout: DatasetInfo? = nil, limit: Int? = nil,
    options: JSONValue = [:]
  ) throws -> TokenCacheKey {
    try TokenCacheKey(
      files: files.map(directory.file), layout: layout, limit: limit,
      model: directory.file("model"), options: options.object ?? JSONObject())
  }

  /// Opens the cache; whether it had to be made.
  private func open(
    _ key: TokenCacheKey, isRenewed: Bool = false
  ) throws -> (TokenCache, TokenCache.Origin, isMade: Bool) {
    var isMade = false
    let (cache, origin) = try TokenCache.open(key, in: folder, isRenewed: isRenewed) {
      (writer) throws(GraftError) in
      isMade = true
      try writer.append([1, -2, .max], row: 0)
      try writer.append([], row: 2)
      try writer.append([7], row: 3)
      writer.rowCount = 5
      writer.summary["note"] = "x"
    }
    return (cache, origin, isMade)
  }

  @Test func whatIsWrittenIsRead() throws {
    let (made, origin, _) = try open(key())
    #expect(origin == .made)
    let (cache, found, isMade) = try open(key())
    #expect(found == .found && !isMade && cache.digest == made.digest)
    #expect(cache.count == 3 && cache.rowCount == 5 && cache.summary["note"] == "x")
    #expect(try (0..<3).map { try cache.record($0) } == [[1, -2, .max], [], [7]])
    #expect((0..<5).map { cache.record(ofRow: $0) } == [0, nil, 1, 2, nil])
    #expect(try open(key(), isRenewed: true).isMade)
  }

  /// Each part of the key, changed alone.
  @Test func aChangedInputIsNeverServedFromAnOldCache() throws {
    func isMade(_ key: TokenCacheKey) throws -> Bool { try open(key).isMade }
    #expect(try isMade(key()))
    #expect(try !isMade(key()))
    // The data: bytes, number and order of files, how they are read.
    try writeFileAtomically(directory.file("rows.jsonl"), "{\"a\": 3}\n")
    #expect(try isMade(key()))
    #expect(try isMade(key(["rows.jsonl", "more.jsonl"])))
    #expect(try isMade(key(["more.jsonl", "rows.jsonl"])))
    try writeFileAtomically(directory.file("rows.txt"), "{\"a\": 3}\n")
    #expect(try isMade(key(["rows.txt"])))
    // What dataset_info.json says.
    var layout = DatasetInfo(name: "n", files: [])
    #expect(try isMade(key(layout: layout)))
    layout.columns["prompt"] = "other"
    #expect(try isMade(key(layout: layout)))
    layout.tags["role_tag"] = "other"
    #expect(try isMade(key(layout: layout)))
    layout.formatting = .openai
    #expect(try isMade(key(layout: layout)))
    layout.isRanking = true
    #expect(try isMade(key(layout: layout)))
    // The rows that are read, and every option.
    #expect(try isMade(key(limit: 5)))
    #expect(try isMade(key(options: ["cutoff_len": 5])))
    #expect(try isMade(key(options: ["cutoff_len": 6])))
    #expect(try isMade(key(options: ["cutoff_len": 6, "date": "2026-11-22"])))
    // Every file of the tokenizer and the template.
    for name in [
      "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
      "chat_template.jinja", "tokenizer.model", "qwen.tiktoken",
    ] {
      try writeFileAtomically(directory.file("model/\(name)"), "{\"\(name)\": 1}")
      #expect(try isMade(key()), "\(name)")
      #expect(try !isMade(key()), "\(name)")
    }
    // What has no say does not count: other files, and names.
    try writeFileAtomically(directory.file("model/config.json"), "{\"other\": 1}")
    #expect(try !isMade(key()))
    try FileManager.default.copyItem(
      atPath: directory.file("rows.jsonl"), toPath: directory.file("copy.jsonl"))
    #expect(try !isMade(key(["copy.jsonl"])))
  }

  @Test(arguments: ["tokens.bin", "index.bin", "cache.json"])
  func damageIsFoundAndRepaired(name: String) throws {
    let key = try key()
    _ = try open(key)
    let path = "\(folder)/\(key.digest.prefix(32))/\(name)"
    let bytes = try readFile(path)
    var damages = [Array(bytes.dropLast()), bytes + [0], []]
    for place in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 40)) {
      var changed = bytes
      changed[place] ^= 1
      damages.append(changed)
    }
    for damage in damages {
      try Data(damage).write(to: URL(fileURLWithPath: path))
      let (cache, origin, isMade) = try open(key)
      // A change of white space in the header changes nothing.
      if name == "cache.json", origin == .found { continue }
      guard case .madeAnew(let why) = origin else {
        Issue.record("\(name) was taken as it was")
        continue
      }
      #expect(isMade && (name == "cache.json" || why.contains(name)))
      #expect(try cache.record(0) == [1, -2, .max])
    }
    try FileManager.default.removeItem(atPath: path)
    #expect(try open(key).isMade)
  }

  @Test func whatFailsLeavesNothing() throws {
    #expect(throws: GraftError.self) {
      _ = try TokenCache.open(try key(), in: folder) { (writer) throws(GraftError) in
        try writer.append([1], row: 0)
        throw GraftError.brokenDataFile("broken", "f")
      }
    }
    #expect(try directoryEntries(folder).isEmpty)
  }
}
