import StrictJSON

/// The components that stand for SentencePiece's own steps.
enum SentencePieceSettings {
  /// Spaces as a visible character, one before the text on demand.
  static func normalizer(addsPrefix: Bool) -> JSONValue {
    let replace: JSONValue = ["type": "Replace", "pattern": ["String": " "], "content": "▁"]
    guard addsPrefix else { return replace }
    return [
      "type": "Sequence", "normalizers": [["type": "Prepend", "prepend": "▁"], replace],
    ]
  }

  /// All that a model's normalizer asks for.
  static func cleaning(
    _ characterMap: [UInt8], addsPrefix: Bool, removesExtraSpaces: Bool, marksSpaces: Bool = true,
    symbols: [String] = []
  ) -> JSONValue {
    [
      "type": "SentencePiece", "precompiled_charsmap": .string(Base64.encode(characterMap)),
      "add_dummy_prefix": .bool(addsPrefix), "remove_extra_whitespaces": .bool(removesExtraSpaces),
      "escape_whitespaces": .bool(marksSpaces),
      "user_defined_symbols": .array(symbols.map { .string($0) }),
    ]
  }

  /// Back to spaces, the first of which is dropped on demand.
  static func decoder(stripsSpace: Bool) -> JSONValue {
    var parts: [JSONValue] = [
      ["type": "Replace", "pattern": ["String": "▁"], "content": " "], ["type": "ByteFallback"],
      ["type": "Fuse"],
    ]
    if stripsSpace {
      parts.append(["type": "Strip", "content": " ", "start": 1, "stop": 0])
    }
    return ["type": "Sequence", "decoders": .array(parts)]
  }
}
