import StrictJSON
import Tokenization

/// The tokens of a text on standard output, a piece at a time: a text may have millions.
struct TokenListing {
  private let encoding: Encoding
  private static let pieceBytes = 1 << 16

  init(_ encoding: Encoding) { self.encoding = encoding }

  /// A line for each token: its id, its place, its spelling.
  func printTable() {
    print(Style.bold(counted(encoding.count, "token")))
    let idWidth = String(encoding.ids.max() ?? 0).count
    func place(_ i: Int) -> String {
      "\(encoding.offsets[i].lowerBound)-\(encoding.offsets[i].upperBound)"
    }
    let placeWidth = encoding.ids.indices.reduce(0) { max($0, place($1).utf8.count) }
    printPieces { i in
      let (id, place) = (String(encoding.ids[i]), place(i))
      return "  \(spaces(idWidth - id.utf8.count))\(id)  \(place)"
        + "\(spaces(placeWidth - place.utf8.count))  "
        + "\(JSONValue.string(encoding.tokens[i]).text())\n"
    }
  }

  /// One line of JSON with `ids`, `tokens` and `offsets`, and perhaps the text that they stand for.
  func printJSON(decoded: String?) {
    func comma(_ i: Int) -> String { i == 0 ? "" : "," }
    print("{\"ids\":[", terminator: "")
    printPieces { i in comma(i) + String(encoding.ids[i]) }
    print("],\"tokens\":[", terminator: "")
    printPieces { i in comma(i) + JSONValue.string(encoding.tokens[i]).text() }
    print("],\"offsets\":[", terminator: "")
    printPieces { i in
      "\(comma(i))[\(encoding.offsets[i].lowerBound),\(encoding.offsets[i].upperBound)]"
    }
    print("]", terminator: "")
    if let decoded { print(",\"decoded\":\(JSONValue.string(decoded).text())", terminator: "") }
    print("}")
  }

  /// Prints what `text` says of each token.
  private func printPieces(_ text: (Int) -> String) {
    var piece = ""
    for i in encoding.ids.indices {
      piece += text(i)
      guard piece.utf8.count >= Self.pieceBytes else { continue }
      print(piece, terminator: "")
      piece = ""
    }
    print(piece, terminator: "")
  }

  private func spaces(_ count: Int) -> String { String(repeating: " ", count: max(0, count)) }
}
