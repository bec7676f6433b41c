import Checkpoint
import Diagnostics
import FileIO
import Heads
import StrictJSON
import TensorCore

/// What a model directory holds; made from headers and small files.
struct ModelReport {
  let directory: ModelDirectory
  let heads: HeadSearch
  /// What was measured of each of the heads.
  let statistics: [HeadStatistics]
  private(set) var role: ModelRole
  private(set) var findings: [Finding] = []
  /// Elements of all tensors.
  private(set) var parameterCount = 0
  /// Bytes of all tensors.
  private(set) var byteCount = 0
  /// Elements by type, the most frequent first.
  private(set) var types: [(dtype: DType, elements: Int)] = []
  let tokenizer: TokenizerReport?
  /// graft.json, if Graft made this directory.
  let provenance: JSONObject?

  init(_ directory: ModelDirectory) throws(GraftError) {
    self.directory = directory
    heads = try HeadSearch(directory)
    let range = try directory.config.optionalNumber("initializer_range") ?? 0.02
    var measured: [HeadStatistics] = []
    for head in heads.heads {
      measured.append(try HeadStatistics(head, initializerRange: range))
    }
    statistics = measured
    role = directory.savedRole
    if let head = heads.standard, !role.isClassifier {
      role = .sequenceClassifier(labels: head.labelCount)
    }
    tokenizer = try TokenizerReport(directory.path)
    let record = "\(directory.path)/\(Provenance.fileName)"
    provenance =
      fileExists(record) ? try JSONValue.parse(try readFile(record), file: record).object : nil
    count()
    check()
  }

  private mutating func count() {
    var elements: [DType: Int] = [:]
    for source in directory.store.inFileOrder {
      parameterCount += source.spec.elementCount
      byteCount += source.spec.byteCount
      elements[source.spec.dtype, default: 0] += source.spec.elementCount
    }
    types = elements.map { ($0.key, $0.value) }.sorted {
      ($1.1, $0.0.rawValue) < ($0.1, $1.0.rawValue)
    }
  }

  /// Whether the class or the lack of another says that it is a language model, and it has no
  /// output matrix.
  private var lacksOutput: Bool {
    guard role == .causal, directory.stored(directory.names.outputName) == nil else { return false }
    return (try? directory.config.tiesEmbeddings) == false
  }

  private mutating func check() {
    let config = directory.config
    let isCausalClass = config.architectures.contains {
      $0.hasSuffix("ForCausalLM") || $0.hasSuffix("LMHeadModel")
    }
    let lacksOutput = lacksOutput
    findings += heads.findings(
      config: config,
      missingOutput: lacksOutput && isCausalClass ? directory.names.outputName : nil)
    findings += zip(heads.heads, statistics).compactMap { $0.finding($1) }
    // With a head of another name, or without the one that it claims, what is left is checked: the
    // backbone, and the output matrix if it is there.
    var placeholder: [any TensorSource] = []
    if heads.standard == nil, role.isClassifier || (lacksOutput && !heads.heads.isEmpty) {
      if directory.stored(directory.names.outputName) != nil {
        role = .causal
      } else {
        role = .sequenceClassifier(labels: 1)
        let width = directory.stored(directory.names.embeddingName)?.spec.shape.last ?? 1
        placeholder = [
          MemorySource(
            name: "score.weight", shape: [1, width], floats: [Float](repeating: 0, count: width),
            origin: "the head")
        ]
      }
    }
    do {
      let others = heads.heads.filter { $0.weight.spec.name != heads.standard?.weight.spec.name }
      findings += try directory.resolve(
        as: role, supplying: placeholder, leavingOut: others.flatMap(\.tensors)
      ).findings
    } catch {
      findings.append(Finding(.problem, error))
    }
    if case .sequenceClassifier = role, placeholder.isEmpty, config.json["pad_token_id"]?.int == nil
    {
      findings.append(Finding(.warning, .noPadding(config.file)))
    }
    if let tokenizer, let rows = embeddingRows, tokenizer.tokenCount > rows {
      findings.append(
        Finding(
          .problem,
          .vocabularyMismatch(tokenizer.file, tokens: tokenizer.tokenCount, rows: rows)))
    }
  }

  /// The rows of the input embedding.
  var embeddingRows: Int? {
    directory.stored(directory.names.embeddingName)?.spec.shape.first
  }

  /// What it is, in words.
  var kind: String {
    let claimsHead = directory.config.architectures.contains {
      $0.hasSuffix("ForSequenceClassification")
    }
    if let head = heads.standard {
      if case .tokenClassifier = role {
        return "token classifier (a head with \(counted(head.labelCount, "label")))"
      }
      return head.labelCount == 1
        ? "reward model (a head with one score)"
        : "sequence classifier (a head with \(head.labelCount) labels)"
    }
    if let head = heads.rewardModelHead(directory.config) {
      return "reward model (a head of \(head.inner.count + 1) layers)"
    }
    if let head = heads.heads.first {
      return "model with a head that transformers does not look for (\(head.kind.module))"
    }
    if claimsHead { return "said to be a reward model, but it has no head" }
    return role == .backbone
      ? "backbone of a language model, no head" : "causal model, no reward head"
  }
}
