import Datasets
public import Diagnostics
public import StrictJSON

/// One line to be scored.
public struct ScoringRow: Sendable {
  /// The line's own `id`, passed through.
  public var id: JSONValue?
  /// The token ids.
  public var ids: [Int32]
  /// What a reader recognises the line by: its text, or the last message's.
  public var preview: String
  /// The line in its file, from 1.
  public var line: Int

  /// Reads all rows of a JSON or JSON-lines file.
  ///
  /// A row is an object with `text`, `messages` or `ids`, and perhaps an `id`. The tokenizer is read
  /// only where a row needs it.
  ///
  /// - Parameters:
  ///   - model: the directory whose tokenizer and chat template apply.
  ///   - adapter: the directory of an adapter on it, whose `chat_format.json` comes first.
  ///   - template: the name of the chat format of conversations, which comes before both.
  /// - Throws: ``GraftError`` with file and line for the first row that cannot be scored.
  public static func read(
    _ path: String, model: String, adapter: String? = nil, template: String? = nil
  ) throws(GraftError) -> [ScoringRow] {
    var choice = template.map { FormatChoice($0) }
    if choice == nil, let adapter { choice = try FormatChoice(directory: adapter) }
    var encoder: ConversationEncoder?
    var rows: [ScoringRow] = []
    for result in try JSONRows(path) {
      let row = try result.get()
      if encoder == nil, row.value["ids"] == nil {
        encoder = try ConversationEncoder(directory: model, choice: choice)
      }
      rows.append(
        try located(path, line: row.line) { () throws(GraftError) in
          try ScoringRow(row.value, line: row.line, encoder: encoder)
        })
    }
    guard !rows.isEmpty else { throw .nothingToScore(path) }
    return rows
  }

  private init(
    _ value: JSONValue, line: Int, encoder: ConversationEncoder?
  ) throws(GraftError) {
    guard let object = value.object else {
      throw .row("is \(value.kindName), expected an object")
    }
    let given = Self.inputKeys.filter { object[$0].map { !$0.isNull } ?? false }
    guard given.count == 1, let key = given.first else {
      if given.isEmpty {
        let meant = object.keys.lazy.compactMap { suggestion(for: $0, among: Self.inputKeys) }.first
        throw .row(
          "has none of 'text', 'messages' and 'ids'", remedy: meant.map { "Did you mean '\($0)'?" })
      }
      throw .row("has " + given.map { "'\($0)'" }.joined(separator: " and ") + "; give one of them")
    }
    id = object["id"]
    self.line = line
    switch (key, object[key]) {
    case ("text", .string(let text)?):
      ids = try encoder?.ids(of: text) ?? []
      preview = text
    case ("messages", .array(let messages)?):
      try Self.check(messages)
      ids = try encoder?.ids(of: messages) ?? []
      preview = messages.last?["content"]?.string ?? ""
    case ("ids", .array(let values)?):
      ids = try Self.ids(values)
      preview = ids.prefix(8).map { "\($0)" }.joined(separator: " ") + (ids.count > 8 ? " …" : "")
    case (_, let other):
      throw .row(
        "'\(key)' must be \(key == "text" ? "text" : "a list"), found \(other?.kindName ?? "nothing")"
      )
    }
    guard !ids.isEmpty else { throw .row("'\(key)' holds no token") }
  }

  private static let inputKeys = ["text", "messages", "ids"]

  private static func check(_ messages: [JSONValue]) throws(GraftError) {
    guard !messages.isEmpty else { throw .row("'messages' is empty") }
    for (i, message) in messages.enumerated() {
      guard message.object != nil else {
        throw .row("message \(i + 1) is \(message.kindName), expected an object")
      }
      guard message["role"]?.string != nil else { throw .row("message \(i + 1) has no 'role'") }
      guard message["content"] != nil else { throw .row("message \(i + 1) has no 'content'") }
    }
  }

  private static func ids(_ values: [JSONValue]) throws(GraftError) -> [Int32] {
    var ids: [Int32] = []
    ids.reserveCapacity(values.count)
    for (i, value) in values.enumerated() {
      guard let id = value.int.flatMap({ Int32(exactly: $0) }), id >= 0 else {
        throw .row("'ids': element \(i + 1) is no token id")
      }
      ids.append(id)
    }
    return ids
  }
}

extension [ScoringRow] {
  /// Throws for the first row with an id that a model with this vocabulary has no embedding for.
  public func check(vocabularySize: Int, file: String) throws(GraftError) {
    for row in self {
      if let bad = row.ids.first(where: { $0 >= vocabularySize }) {
        throw .idOutOfRange(bad, vocabularySize, file: file, line: row.line)
      }
    }
  }
}
