/// What a file that should hold weights turns out to be, told by its first bytes.
package enum ForeignFile: Sendable {
  case lfsPointer
  case webPage
  case torchArchive
  case pickle
  case gguf
  case jsonText
  case compressed

  /// Recognises the kind from the first bytes of a file, or nil.
  package init?(_ prefix: [UInt8]) {
    func begins(_ bytes: some Sequence<UInt8>) -> Bool { prefix.starts(with: bytes) }
    let text = String(decoding: prefix, as: UTF8.self).lowercased()
      .drop { $0.isWhitespace || $0 == "\u{FEFF}" }
    if begins("version https://git-lfs".utf8) {
      self = .lfsPointer
    } else if ["<!doctype", "<html", "<?xml"].contains(where: { text.hasPrefix($0) }) {
      self = .webPage
    } else if begins([0x50, 0x4B, 0x03, 0x04]) {
      self = .torchArchive
    } else if prefix.count >= 2, prefix[0] == 0x80, (2...5).contains(prefix[1]),
      !Self.beginsAsSafetensors(prefix)
    {
      self = .pickle
    } else if begins("GGUF".utf8) {
      self = .gguf
    } else if begins([0x1F, 0x8B]) || begins([0x28, 0xB5, 0x2F, 0xFD]) {
      self = .compressed
    } else if prefix.first == UInt8(ascii: "{") {
      self = .jsonText
    } else {
      return nil
    }
  }

  /// Whether a length of less than 2^32 stands before a JSON object; its first bytes can be those
  /// of a pickle.
  private static func beginsAsSafetensors(_ prefix: [UInt8]) -> Bool {
    prefix.count >= 9 && prefix[4..<8].allSatisfy { $0 == 0 } && prefix[8] == UInt8(ascii: "{")
  }

  /// What the file is, and what it is not.
  package func description(insteadOf expected: String) -> String {
    switch self {
    case .lfsPointer: "is a Git LFS pointer: text that stands for the weights, not the weights"
    case .webPage: "is a web page, most likely an error message that was saved as the file"
    case .torchArchive: "is a zip archive, as PyTorch writes .bin and .pt files, not \(expected)"
    case .pickle: "is a Python pickle, as old PyTorch files are, not \(expected)"
    case .gguf: "is a GGUF file, not \(expected)"
    case .jsonText: "is JSON text, not \(expected)"
    case .compressed: "is a compressed file, not \(expected)"
    }
  }

  /// What the user can do.
  package var remedy: String {
    switch self {
    case .lfsPointer: "Run 'git lfs pull' in its repository"
    case .webPage: "Fetch the file again; the address or the access token may be wrong"
    case .torchArchive, .pickle:
      "Nothing in it was executed. Name the file as PyTorch does, with .bin, .pt or .pth"
    case .gguf: "Run 'graft convert' on it first"
    case .jsonText: "Name the weights, or the directory that holds them"
    case .compressed: "Unpack it first"
    }
  }
}
