import Diagnostics
import FileIO
import Glibc
import StrictJSON

/// Finds the number of tokens in a tokenizer.json without parsing it: files of seven megabytes are
/// mostly a vocabulary and merges, in the order of their ids.
struct VocabularyScan {
  private let bytes: UnsafeRawBufferPointer

  /// One more than the highest token id, or nil where the file is not laid out as the tokenizers
  /// package writes it, and must be parsed.
  static func tokenCount(_ path: String) throws(GraftError) -> Int? {
    let file = try MappedFile(path)
    return file.withBytes(0..<file.byteCount) { VocabularyScan(bytes: $0).tokenCount }
  }

  private var tokenCount: Int? {
    guard let added = opening("\"added_tokens\"", UInt8(ascii: "["), from: 0),
      let list = list(from: added.value),
      let vocabulary = opening("\"vocab\"", UInt8(ascii: "{"), from: list.upperBound),
      let merges = opening("\"merges\"", UInt8(ascii: "["), from: vocabulary.value),
      let last = idBefore(merges.key), idsRise(vocabulary.value..<merges.key, to: last)
    else { return nil }
    guard let tokens = try? JSONValue.parse(Array(bytes[list])).array else { return nil }
    return tokens.reduce(last) { max($0, $1["id"]?.int ?? -1) } + 1
  }

  /// Where `key` and its value begin, where the value begins with `mark`; a token of the key's
  /// spelling has a number as its value.
  private func opening(_ key: String, _ mark: UInt8, from start: Int) -> (key: Int, value: Int)? {
    var position = start
    while let value = find(mark, from: position) {
      position = value + 1
      let colon = beforeSpaces(value - 1)
      guard byte(colon) == UInt8(ascii: ":") else { continue }
      let end = beforeSpaces(colon - 1) + 1
      let begin = end - key.utf8.count
      guard begin >= start, bytes[begin..<end].elementsEqual(key.utf8) else { continue }
      return (begin, value)
    }
    return nil
  }

  /// The array that begins here.
  private func list(from start: Int) -> Range<Int>? {
    var depth = 0
    var isText = false
    var position = start
    while let next = byte(position) {
      position += 1
      switch next {
      case UInt8(ascii: "\\") where isText: position += 1
      case UInt8(ascii: "\""): isText.toggle()
      case UInt8(ascii: "[") where !isText: depth += 1
      case UInt8(ascii: "]") where !isText:
        depth -= 1
        if depth == 0 { return start..<position }
      default: break
      }
    }
    return nil
  }

  /// The id that ends the object before `,"merges"`.
  private func idBefore(_ key: Int) -> Int? {
    var position = key - 1
    for mark in [UInt8(ascii: ","), UInt8(ascii: "}")] {
      position = beforeSpaces(position)
      guard byte(position) == mark else { return nil }
      position -= 1
    }
    position = beforeSpaces(position)
    var start = position
    while let next = byte(start), (48...57).contains(next) { start -= 1 }
    return number(start + 1)?.value
  }

  /// Whether ids at 64 places of the vocabulary rise, as far as `last`.
  private func idsRise(_ range: Range<Int>, to last: Int) -> Bool {
    var previous = -1
    for i in 0..<64 {
      var position = range.lowerBound + range.count / 64 * i
      var id: Int?
      while id == nil, let mark = find(UInt8(ascii: ":"), from: position),
        mark < range.upperBound
      {
        position = mark + 1
        guard byte(mark - 1) == UInt8(ascii: "\""), let found = number(afterSpaces(position)),
          [UInt8(ascii: ","), UInt8(ascii: "}")].contains(byte(afterSpaces(found.end)) ?? 0)
        else { continue }
        id = found.value
      }
      guard let id else { break }
      guard id >= previous, id <= last else { return false }
      previous = id
    }
    return true
  }

  private func number(_ start: Int) -> (value: Int, end: Int)? {
    var end = start
    var value = 0
    while let next = byte(end), (48...57).contains(next), end - start < 10 {
      value = value * 10 + Int(next - 48)
      end += 1
    }
    return end > start ? (value, end) : nil
  }

  private func find(_ mark: UInt8, from start: Int) -> Int? {
    guard start >= 0, start < bytes.count, let base = bytes.baseAddress else { return nil }
    guard let found = memchr(base + start, Int32(mark), bytes.count - start) else { return nil }
    return UnsafeRawPointer(found) - base
  }

  private func byte(_ position: Int) -> UInt8? {
    bytes.indices.contains(position) ? bytes[position] : nil
  }

  private func afterSpaces(_ start: Int) -> Int {
    var position = start
    while let next = byte(position), Self.spaces.contains(next) { position += 1 }
    return position
  }

  private func beforeSpaces(_ start: Int) -> Int {
    var position = start
    while let next = byte(position), Self.spaces.contains(next) { position -= 1 }
    return position
  }

  private static let spaces: [UInt8] = [0x20, 0x0A, 0x0D, 0x09]
}
