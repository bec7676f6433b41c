import Diagnostics

/// The attributes that `urlize` gives its links.
struct LinkLayout {
  /// How much of an address is shown, as the end of a slice.
  var limit: Int?
  /// `rel` and `target`, as they stand in the tag.
  var attributes = ""
  /// What else begins an address.
  var schemes: [String] = []
}

extension String {
  /// The text, which is escaped, with addresses made into links.
  func withLinks(_ layout: LinkLayout) -> String {
    var out = ""
    var rest = unicodeScalars[...]
    while let first = rest.first {
      let isSpaced = isSpace(first)
      let word = rest.prefix { isSpace($0) == isSpaced }
      rest = rest[word.endIndex...]
      out += isSpaced ? String(word) : String(word).wordWithLinks(layout)
    }
    return out
  }

  private func wordWithLinks(_ layout: LinkLayout) -> String {
    var middle = self
    var (head, tail) = ("", "")
    while let mark = ["(", "<", "&lt;"].first(where: middle.begins) {
      head += mark
      middle = middle.dropping(mark.utf8.count)
    }
    while let mark = [")", ">", ".", ",", "&gt;"].first(where: middle.ends) {
      tail = mark + tail
      middle = middle.bytes(0..<(middle.utf8.count - mark.utf8.count))
    }
    // Brackets that are opened within the address are closed within it.
    for (open, close) in [("(", ")"), ("<", ">"), ("&lt;", "&gt;")] {
      let opened = middle.ranges(of: open).count
      guard opened > middle.ranges(of: close).count else { continue }
      let closing = tail.ranges(of: close).prefix(opened)
      guard let end = closing.last?.upperBound else { continue }
      middle += tail.bytes(0..<end)
      tail = tail.dropping(end)
    }
    return head + middle.asLink(layout) + tail
  }

  private func asLink(_ layout: LinkLayout) -> String {
    func shown() -> String {
      guard let limit = layout.limit, unicodeScalars.count > limit else { return self }
      let kept = limit < 0 ? max(0, unicodeScalars.count + limit) : limit
      return String(unicodeScalars.prefix(kept)) + "..."
    }
    if isWebAddress {
      let hasScheme = ["https://", "http://"].contains(where: begins)
      return "<a href=\"\(hasScheme ? "" : "https://")\(self)\"\(layout.attributes)>\(shown())</a>"
    }
    if utf8.starts(with: "mailto:".utf8), dropping(7).isMailAddress {
      return "<a href=\"\(self)\">\(dropping(7))</a>"
    }
    if !utf8.starts(with: "www.".utf8), !utf8.starts(with: "@".utf8), !utf8.contains(58),
      isMailAddress
    {
      return "<a href=\"mailto:\(self)\">\(self)</a>"
    }
    var link = self
    for scheme in layout.schemes
    where !link.utf8.elementsEqual(scheme.utf8) && link.utf8.starts(with: scheme.utf8) {
      link = "<a href=\"\(link)\"\(layout.attributes)>\(link)</a>"
    }
    return link
  }

  private func begins(with mark: String) -> Bool { utf8.starts(with: mark.utf8) }

  private func ends(with mark: String) -> Bool {
    utf8.reversed().starts(with: mark.utf8.reversed())
  }

  /// Whether this is a scheme that `urlize` takes, such as `ftp://`.
  var isAddressScheme: Bool {
    guard let colon = unicodeScalars.firstIndex(of: ":") else { return false }
    let name = unicodeScalars[..<colon]
    return name.count >= 2
      && name.allSatisfy { isWordPart($0) || ".+-".unicodeScalars.contains($0) }
      && ["", "/", "//"].contains(String(unicodeScalars[colon...].dropFirst()))
  }

  private var isMailAddress: Bool {
    guard let at = unicodeScalars.lastIndex(of: "@"), at > unicodeScalars.startIndex else {
      return false
    }
    let host = unicodeScalars[at...].dropFirst()
    guard let first = host.first, isWordPart(first), let dot = host.lastIndex(of: "."),
      dot > host.startIndex
    else { return false }
    let end = host[dot...].dropFirst()
    return !end.isEmpty && end.allSatisfy(isWordPart)
      && host.allSatisfy { isWordPart($0) || $0 == "." || $0 == "-" }
  }

  private var isWebAddress: Bool {
    let lower = Array(lowercased().unicodeScalars)
    func follows(_ prefix: String) -> Bool { lower.starts(with: prefix.unicodeScalars) }
    let scheme = follows("https://") ? 8 : follows("http://") ? 7 : 0
    let start = scheme > 0 ? scheme : follows("www.") ? 4 : 0
    var rest = lower[start...]
    if scheme > 0, rest.first == "[" {
      guard let end = rest.firstIndex(of: "]"), isSixAddress(rest[(start + 1)..<end]) else {
        return false
      }
      return endsAddress(rest[(end + 1)...])
    }
    let host = rest.prefix { !"/?#:".unicodeScalars.contains($0) }
    rest = rest[host.endIndex...]
    guard endsAddress(rest) else { return false }
    let labels = host.split(separator: ".", omittingEmptySubsequences: false)
    if scheme > 0, labels.count == 4, labels.allSatisfy({ (1...3).contains($0.count) }),
      host.allSatisfy({ $0 == "." || $0.properties.numericType == .decimal })
    {
      return true
    }
    func isLabel(_ label: ArraySlice<Unicode.Scalar>) -> Bool {
      label.allSatisfy { isWordPart($0) || $0 == "%" || $0 == "-" }
    }
    if start > 0, let last = labels.last,
      labels.dropLast().allSatisfy({ !$0.isEmpty && isLabel($0) })
    {
      let letters = last.dropFirst(4)
      if (2...63).contains(last.count), last.allSatisfy({ ("a"..."z").contains($0) }) {
        return true
      }
      if last.starts(with: "xn--".unicodeScalars), (2...59).contains(letters.count),
        isLabel(letters), !letters.contains("-")
      {
        return true
      }
    }
    let whole = lower[..<host.endIndex].split(separator: ".", omittingEmptySubsequences: false)
    let known = ["com", "net", "int", "edu", "gov", "org", "info", "mil"]
    return scheme == 0 && whole.count > 1
      && known.contains { $0.unicodeScalars.elementsEqual(whole[whole.count - 1]) }
      && whole.dropLast().allSatisfy { (2...63).contains($0.count) && isLabel($0) }
  }
}

/// Whether a host may be followed by this: a port, and a path or nothing.
private func endsAddress(_ rest: ArraySlice<Unicode.Scalar>) -> Bool {
  var rest = rest
  if rest.first == ":" {
    let port = rest.dropFirst().prefix { $0.properties.numericType == .decimal }
    guard (1...5).contains(port.count) else { return false }
    rest = rest[port.endIndex...]
  }
  return rest.first.map { "/?#".unicodeScalars.contains($0) } ?? true
}

/// Whether this is what the reference takes for an IPv6 address: groups of up to four digits.
private func isSixAddress(_ text: ArraySlice<Unicode.Scalar>) -> Bool {
  let parts = text.split(separator: ":", omittingEmptySubsequences: false)
  guard parts.count > 2, parts[0].count <= 4, parts[1].count <= 4,
    parts.joined().allSatisfy(\.properties.isASCIIHexDigit)
  else { return false }
  var groups = 0
  for (i, part) in parts.enumerated().dropFirst(2) {
    groups += max((part.count + 3) / 4, i < parts.count - 1 ? 1 : 0)
  }
  return groups <= 6
}
