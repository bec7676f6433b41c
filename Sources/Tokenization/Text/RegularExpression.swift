import COniguruma
import Diagnostics

/// A regular expression in Oniguruma's syntax, with the reference's idea of Unicode.
///
/// May be used by several threads at the same time.
final class RegularExpression: @unchecked Sendable {
  /// Steps that a search may take before it is given up.
  private static let retryLimit: UInt = 10_000_000
  /// How long all searches of a text may take: so long, and more for each byte.
  private static let timeLimit = (base: Duration.seconds(5), perByte: Duration.microseconds(20))

  private let source: String
  private var regex: OnigRegex?
  private let limits: OpaquePointer?

  /// Compiles an expression.
  ///
  /// - Parameters:
  ///   - source: the expression.
  ///   - place: where in the file it stands, for errors.
  ///   - file: the file, for errors.
  /// - Throws: ``GraftError`` with Oniguruma's own words, if it is no valid expression.
  init(_ source: String, place: String, file: String) throws(GraftError) {
    self.source = source
    limits = onig_new_match_param()
    if let limits {
      onig_initialize_match_param(limits)
      onig_set_retry_limit_in_search_of_match_param(limits, Self.retryLimit)
      onig_set_retry_limit_in_match_of_match_param(limits, Self.retryLimit)
    }
    guard source.utf8.count <= 1 << 16 else {
      throw .invalidPattern(place, source, "is longer than 64 KiB", file: file)
    }
    let pattern = Array(ExpressionDialect.translated(source).utf8)
    var message = [UInt8](repeating: 0, count: Int(ONIG_MAX_ERROR_MESSAGE_LEN))
    var compiled: OnigRegex?
    let code = pattern.withUnsafeBufferPointer { pattern in
      message.withUnsafeMutableBufferPointer { message in
        oniguruma_compile(&compiled, pattern.baseAddress, pattern.count, message.baseAddress)
      }
    }
    guard code == 0, let compiled else {
      let words = String(decoding: message.prefix { $0 != 0 }, as: UTF8.self)
      throw .invalidPattern(place, source, words, file: file)
    }
    regex = compiled
  }

  deinit {
    if let limits { onig_free_match_param(limits) }
    if let regex { onig_free(regex) }
  }

  /// Hands each match within a piece to `body`; the piece is all that the expression sees.
  ///
  /// - Throws: ``GraftError`` if the search takes too many steps.
  func forEachMatch(
    in text: UTF8Text, _ piece: Range<Int>, _ body: (Range<Int>) -> Void
  ) throws(GraftError) {
    guard let regex, let region = onig_region_new() else { return }
    defer { onig_region_free(region, 1) }
    let base = text.pointer + piece.lowerBound
    var searchStart = 0
    var lastEnd = -1
    let deadline = ContinuousClock.now + Self.timeLimit.base + Self.timeLimit.perByte * piece.count
    var count = 0
    while searchStart <= piece.count {
      var begin = 0
      let end = oniguruma_search(regex, base, piece.count, searchStart, region, limits, &begin)
      // Expressions that nearly take too long each time take too long together.
      count += 1
      let isLate = count % 64 == 0 && ContinuousClock.now > deadline
      if end == -2 || isLate { throw .patternGivenUp(source) }
      guard end >= 0 else { return }
      if end == begin, lastEnd == end {
        // An empty match right after another one does not count.
        searchStart += searchStart < piece.count ? characterLength(base[searchStart]) : 1
        continue
      }
      searchStart = end
      lastEnd = end
      body((piece.lowerBound + begin)..<(piece.lowerBound + end))
    }
  }
}
