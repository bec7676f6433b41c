import Datasets
import Diagnostics
import Glibc
import StrictJSON
import Tokenization

/// The ids of many texts on standard output, and what they took on standard error.
struct IDListing {
  /// The texts, and about the bytes, that are encoded at a time.
  private static let batch = 4096
  private static let batchBytes = 32 << 20
  private let tokenizer: Tokenizer
  private let threads: Int
  private let addsSpecial: Bool
  private let loading: Duration
  private var encoding = Duration.zero
  private var processor = 0.0
  private var texts = 0
  private var bytes = 0
  private var tokens = 0

  init(model: String, threads: Int, addsSpecial: Bool) throws(GraftError) {
    let start = ContinuousClock.now
    tokenizer = try Tokenizer(model: model)
    loading = ContinuousClock.now - start
    self.threads = threads
    self.addsSpecial = addsSpecial
  }

  /// Encodes the key `text` of each line of a file.
  mutating func run(_ file: String) throws(GraftError) {
    var pending: [String] = []
    var size = 0
    try InputRows.forEach(in: file) { (row) throws(GraftError) in
      pending.append(try row.text())
      size += pending.last?.utf8.count ?? 0
      if pending.count == Self.batch || size >= Self.batchBytes {
        try encode(&pending)
        size = 0
      }
    }
    try encode(&pending)
    let report: JSONValue = [
      "texts": JSONValue(texts), "bytes": JSONValue(bytes), "tokens": JSONValue(tokens),
      "load_seconds": JSONValue(loading / .seconds(1)),
      "encode_seconds": JSONValue(encoding / .seconds(1)),
      "processor_seconds": JSONValue(processor),
    ]
    Console.complain(report.text())
  }

  private mutating func encode(_ pending: inout [String]) throws(GraftError) {
    let start = ContinuousClock.now
    let used = Self.processorSeconds
    let lists = try tokenizer.encode(pending, addingSpecialTokens: addsSpecial, threads: threads)
    encoding += ContinuousClock.now - start
    processor += Self.processorSeconds - used
    texts += pending.count
    for text in pending { bytes += text.utf8.count }
    for list in lists {
      tokens += list.count
      print("[" + list.map { String($0) }.joined(separator: ",") + "]")
    }
    pending.removeAll(keepingCapacity: true)
  }

  /// What this process has used.
  private static var processorSeconds: Double {
    var usage = rusage()
    getrusage(0, &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
  }
}
