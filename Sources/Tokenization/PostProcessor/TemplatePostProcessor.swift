import Diagnostics
import StrictJSON

/// Special tokens around one text or two, by the file's templates.
struct TemplatePostProcessor: PostProcessor {
  private enum Piece {
    case text(Int, typeID: Int32)
    case special([Int32], typeID: Int32)
  }

  private let single: [Piece]
  private let pair: [Piece]

  init(_ reader: ComponentReader) throws(GraftError) {
    single = try Self.pieces("single", reader)
    pair = try Self.pieces("pair", reader)
    let texts = single.filter { if case .text(0, _) = $0 { true } else { false } }
    guard texts.count == 1,
      !single.contains(where: { if case .text(1, _) = $0 { true } else { false } })
    else { throw reader.malformed("single", "special tokens and the sequence A once") }
  }

  /// A token before and one behind each text, where they are named.
  init(prefix: Int32?, suffix: Int32?) {
    func around(_ text: Int) -> [Piece] {
      let typeID = Int32(text)
      return (prefix.map { [.special([$0], typeID: typeID)] } ?? [])
        + [.text(text, typeID: typeID)]
        + (suffix.map { [.special([$0], typeID: typeID)] } ?? [])
    }
    single = around(0)
    pair = around(0) + around(1)
  }

  private static func pieces(
    _ key: String, _ reader: ComponentReader
  ) throws(GraftError) -> [Piece] {
    guard let list = reader.value[key]?.array else {
      // A file without a template for pairs joins them.
      guard key == "single" else { return [.text(0, typeID: 0), .text(1, typeID: 1)] }
      throw reader.malformed(key, "a list")
    }
    var pieces: [Piece] = []
    for element in list {
      let special = element["SpecialToken"]
      let sequence = element["Sequence"]
      let typeID = Int32(clamping: (special ?? sequence)?["type_id"]?.int ?? 0)
      if let name = special?["id"]?.string {
        pieces.append(.special(try ids(of: name, reader), typeID: typeID))
      } else if let text = ["A", "B"].firstIndex(of: sequence?["id"]?.string) {
        pieces.append(.text(text, typeID: typeID))
      } else {
        throw reader.malformed(key, "a list of special tokens and the sequences A and B")
      }
    }
    return pieces
  }

  private static func ids(
    of name: String, _ reader: ComponentReader
  ) throws(GraftError) -> [Int32] {
    guard let list = reader.value["special_tokens"]?[name]?["ids"]?.array else {
      throw reader.malformed("special_tokens", "ids of '\(name)'")
    }
    var ids: [Int32] = []
    for element in list { ids.append(try reader.tokenID(element, "special_tokens.\(name)")) }
    return ids
  }

  func addedCount(isPair: Bool) -> Int {
    (isPair ? pair : single).reduce(0) { count, piece in
      if case .special(let ids, _) = piece { count + ids.count } else { count }
    }
  }

  func apply(
    to encodings: inout [Encoding], addingSpecialTokens: Bool, tokenText: (Int32) -> String
  ) {
    var out: [Encoding] = []
    for piece in encodings.count > 1 ? pair : single {
      switch piece {
      case .text(let i, let typeID):
        guard i < encodings.count else { continue }
        var parts = [encodings[i]]
        parts.forEachPart { part in part.typeIDs = part.typeIDs.map { _ in typeID } }
        out += parts
      case .special(let ids, let typeID):
        guard addingSpecialTokens else { continue }
        var special = Encoding()
        for id in ids { special.appendSpecial(id, tokenText(id), typeID: typeID) }
        out.append(special)
      }
    }
    encodings = out
  }
}
