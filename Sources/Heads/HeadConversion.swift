import Checkpoint
public import Diagnostics
import FileIO
import StrictJSON
import TensorCore

/// Stores the head of a model or adapter in the form that another tool reads, or starts one.
///
/// The head's numbers stay bit for bit; every other tensor is copied; the way back gives the same
/// head. A bias that the form has no place for becomes a declared offset (``HeadDeclaration``).
public struct HeadConversion: Sendable {
  /// The directory to read.
  public var input: String
  /// The directory to make.
  public var output: String
  /// The form to store the head in.
  public var form: HeadForm
  /// The module that is the head, where several are there or it has a name of its own.
  public var headName: String?
  /// Whether a bias may become a declared offset.
  public var allowsOffset = true
  /// Whether a classifier keeps the language model's output matrix, which no loader of it reads.
  public var keepsOutputMatrix = false
  /// A model directory to take a missing output matrix from.
  public var outputMatrixFrom: String?
  /// Whether OpenRLHF's (r - mean) / std is taken into the head instead of carried in config.json.
  public var foldsNormalization = false
  /// What stands between the layers of a head that has several, which no file says.
  public var activation: HeadActivation?
  /// The family's part of the class name, as in "Llama", where Graft cannot know it.
  public var className: String?
  /// The number of labels of a new head; nil converts the one that is there.
  public var newLabels: Int?
  /// The seed that a new head is drawn with.
  public var seed: UInt64 = 0
  /// Whether an existing output may be replaced.
  public var replacesOutput = false
  /// The size above which another weight file is begun, in bytes.
  public var shardByteLimit = 5_000_000_000

  /// Asks for a conversion.
  public init(input: String, output: String, form: HeadForm) {
    self.input = input
    self.output = output
    self.form = form
  }

  /// Converts.
  ///
  /// - Parameter progress: called with the bytes of weights written so far and in all.
  /// - Throws: ``GraftError`` if there is no head, if the form cannot hold it, or if something
  ///   that the form needs is not there.
  public func run(
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws(GraftError) -> HeadEditSummary {
    let source = try HeadedDirectory(input, names: headName.map { [$0] } ?? [])
    var edit = HeadEdit(source)
    if source.isAdapter {
      try convertAdapter(source, &edit)
    } else {
      try convertModel(source, &edit)
    }
    var settings = JSONObject()
    settings["form"] = .string(form.rawValue)
    if let newLabels {
      settings["labels"] = JSONValue(newLabels)
      settings["seed"] = .number(JSONNumber(seed))
    }
    if foldsNormalization { settings["fold_normalization"] = true }
    if let activation { settings["activation"] = .string(activation.rawValue) }
    return try edit.write(
      to: output, command: newLabels == nil ? "head convert" : "head init", settings: settings,
      others: outputMatrixFrom.map { [$0] } ?? [], replacing: replacesOutput,
      shardByteLimit: shardByteLimit, progress: progress)
  }

  // MARK: - Models

  private func convertModel(
    _ source: HeadedDirectory, _ edit: inout HeadEdit
  ) throws(GraftError) {
    let config = source.config
    var declaration = try config.headDeclaration
    let head = try oldHead(source)
    var values = try values(head, declaration, source)
    if newLabels != nil { declaration = HeadDeclaration() }
    try takeNormalization(config, &values, &edit)
    declaration.offset = []
    if form == .rewardModel, let head {
      edit.keepsHeadFile = !head.isBeside
      try placeLayers(of: head, last: values, &edit)
    } else {
      try place(&values, in: &declaration, source, &edit, prefix: "")
    }
    if let newLabels {
      declaration.fresh = try fresh(config)
      edit.note(
        "the head of \(newLabels) x \(values.weight.spec.shape.last ?? 0) is fresh; train it "
          + "before its scores mean anything")
    }
    let className = try className(source, labels: values.labelCount)
    let headTensors = Set((head?.tensors ?? []).map { Ledger.Reference($0) })
    for tensor in source.store.inFileOrder {
      if headTensors.contains(Ledger.Reference(tensor)) { continue }
      if let matrix = source.outputMatrix, matrix.spec.name == tensor.spec.name, !form.isCausal,
        !keepsOutputMatrix
      {
        edit.drop(tensor, "the head takes the place of the output matrix")
        edit.note(
          "\(tensor.spec.name) is left out, as transformers' classifiers have none; "
            + "--keep-lm-head keeps it, for the way back")
        continue
      }
      edit.put(tensor, as: source.fullName(tensor.spec.name))
    }
    if form.isCausal { try supplyOutputMatrix(source, &edit) }

    if form.isCausal {
      edit.members["architectures"] = [.string(className)]
    } else {
      edit.members = ModelConfig(edit.members, file: config.file).classifierMembers(
        className: className, labels: values.labelCount)
    }
    edit.members["value_head_prefix"] = form.prefix(declared: !config.headPrefixes.isEmpty)
      .map { .string($0) }
    edit.members[HeadDeclaration.key] = declaration.json
  }

  private func oldHead(_ source: HeadedDirectory) throws(GraftError) -> Head? {
    guard newLabels == nil else {
      // A head that exists is never drawn anew.
      if let head = source.search.heads.first { throw .headExists(head) }
      guard form != .rewardModel else {
        throw .headForm(form.rawValue, "is started by no tool that trains one", file: source.path)
      }
      return nil
    }
    let head = try source.search.choose()
    if head.isStacked {
      try checkLayers(of: head, source)
    } else if form == .rewardModel {
      throw .headForm(form.rawValue, "holds two layers; the head has one", file: source.path)
    } else if activation != nil {
      throw .activationWithoutLayers(head)
    }
    return head
  }

  private func values(
    _ head: Head?, _ declaration: HeadDeclaration, _ source: HeadedDirectory
  ) throws(GraftError) -> HeadValues {
    if let head {
      return try HeadValues(
        head, declared: declaration, file: source.config.file,
        folding: head.isStacked && form != .rewardModel)
    }
    let matrix = source.store.inFileOrder.first { $0.spec.dtype.isFloatingPoint }
    return HeadValues(
      fresh: try fresh(source.config), labels: newLabels ?? 1,
      hidden: try source.config.hiddenSize, dtype: matrix?.spec.dtype ?? .f32)
  }

  private func fresh(_ config: ModelConfig) throws(GraftError) -> HeadDeclaration.Fresh {
    HeadDeclaration.Fresh(
      deviation: try config.optionalNumber("initializer_range") ?? 0.02, seed: seed)
  }

  private func takeNormalization(
    _ config: ModelConfig, _ values: inout HeadValues, _ edit: inout HeadEdit
  ) throws(GraftError) {
    guard let normalization = try RewardNormalization(config) else { return }
    if foldsNormalization, normalization.isActive {
      try values.fold(normalization)
      for key in RewardNormalization.keys { edit.members[key] = nil }
      edit.note(
        "(r - \(normalization.mean)) / \(normalization.deviation) is taken into the head, rounded "
          + "once to float32")
    } else if normalization.isActive, form != .openRLHF, form != .oldOpenRLHF {
      edit.note(
        "rewards are normalised by OpenRLHF and Graft, (r - \(normalization.mean)) / "
          + "\(normalization.deviation), as config.json says; other readers do not see that. "
          + "--fold-normalization takes it into the head")
    }
  }

  /// Puts weight and bias where the form has them; a bias without a place is declared.
  private func place(
    _ values: inout HeadValues, in declaration: inout HeadDeclaration, _ source: HeadedDirectory,
    _ edit: inout HeadEdit, prefix: String
  ) throws(GraftError) {
    if form.isScalar, values.labelCount != 1 {
      throw .headForm(
        form.rawValue, "holds one score; the head has \(values.labelCount)", file: source.path)
    }
    let isBeside = form == .valueHead
    let tokenHead = form == .tokenClassifier ? source.architecture?.tokenHead : nil
    let name = (isBeside ? "" : prefix) + (tokenHead ?? form.module)
    let taken = source.search.heads.filter { $0.isBeside == isBeside && $0.name == name }
    let own = (try? source.search.choose())?.weight
    if let other = taken.first(where: { $0.weight.spec.name != own?.spec.name }) {
      throw .headExists(other)
    }
    edit.keepsHeadFile = !isBeside && own.map { $0.file == Head.sideFile(in: source.path) } != true
    if newLabels == nil {
      edit.put(
        values.weight, as: "\(name).weight", how: values.how, dtype: values.dtype, beside: isBeside)
    } else {
      edit.create(
        values.weight, as: "\(name).weight", how: values.how, dtype: values.dtype, beside: isBeside)
    }
    if form.hasBias {
      if let bias = values.bias {
        edit.put(bias, as: "\(name).bias", how: "the head's bias", beside: isBeside)
      } else {
        edit.create(
          HeadValues.zeroBias(values.labelCount, dtype: values.dtype), as: "\(name).bias",
          how: "zero: the form has a bias and the head has none", beside: isBeside)
      }
    } else if let bias = values.bias, let numbers = try values.biasValues() {
      guard numbers.allSatisfy(\.isFinite) else { throw .biasNotFinite(bias) }
      if numbers.allSatisfy({ $0 == 0 }) {
        edit.drop(bias, "a bias of zero, which adds nothing")
        return
      }
      guard allowsOffset else { throw .offsetRefused(bias, form: form.rawValue) }
      declaration.offset = numbers
      declaration.offsetType = bias.spec.dtype
      edit.drop(bias, "declared as an offset in \(splitPath(source.config.file).name)")
      edit.note(
        "the bias \(numbers.map { "\($0)" }.joined(separator: ", ")) has no place in this form; it "
          + "is declared as graft_head.offset, which Graft adds and other readers do not")
    }
  }

  private func supplyOutputMatrix(
    _ source: HeadedDirectory, _ edit: inout HeadEdit
  ) throws(GraftError) {
    guard source.outputMatrix == nil, try !source.config.tiesEmbeddings else { return }
    guard let outputMatrixFrom else { throw .outputMatrixMissing(source.path, form: form.rawValue) }
    let other = try HeadedDirectory(outputMatrixFrom, names: [])
    let name = source.architecture?.outputName ?? "lm_head.weight"
    guard let matrix = other.store[name] else {
      throw .outputMatrixNotThere(outputMatrixFrom, tensor: name)
    }
    let shape = [try source.config.vocabularySize, try source.config.hiddenSize]
    guard matrix.spec.shape == shape else {
      throw .outputMatrixShape(matrix, expected: shape)
    }
    edit.put(matrix, as: name, how: "from the model that was named for it")
  }

  /// The name of the class, as in "LlamaForCausalLM".
  private func className(
    _ source: HeadedDirectory, labels: Int
  ) throws(GraftError) -> String {
    if let className { return className + form.classSuffix }
    if let family = source.architecture {
      return switch form {
      case .valueHead, .trl: family.className(for: .causal)
      case .tokenClassifier: family.className(for: .tokenClassifier(labels: labels))
      case .rewardModel: try rewardModelClass(source.config, family)
      default: family.className(for: .sequenceClassifier(labels: labels))
      }
    }
    let suffixes = [
      "ForSequenceClassification", "ForTokenClassification", "ForCausalLM", "ForRewardModel",
    ]
    for name in source.config.architectures {
      for suffix in suffixes where name.hasSuffix(suffix) {
        return name.dropLast(suffix.count) + form.classSuffix
      }
    }
    throw .classUnknown(source.config.file)
  }

  // MARK: - Adapters

  private func convertAdapter(
    _ source: HeadedDirectory, _ edit: inout HeadEdit
  ) throws(GraftError) {
    let isClassifier = form == .score || form == .tokenClassifier
    guard isClassifier || form == .valueHead else {
      throw .headForm(
        form.rawValue, "is read from whole models only; merge the adapter first",
        file: source.path)
    }
    guard newLabels == nil else {
      throw .headForm(
        form.rawValue, "cannot be started in an adapter; start it in the base", file: source.path)
    }
    guard let head = try oldHead(source) else { return }
    var declaration = try HeadDeclaration(source.config.json, file: source.config.file)
    var values = try values(head, declaration, source)
    declaration.offset = []
    try place(&values, in: &declaration, source, &edit, prefix: "base_model.model.")
    let headTensors = Set(head.tensors.map { Ledger.Reference($0) })
    for tensor in source.store.inFileOrder
    where !headTensors.contains(Ledger.Reference(tensor)) {
      if isClassifier, tensor.spec.name.contains("lm_head.") {
        throw .adapterChangesOutput(tensor)
      }
      if tensor.spec.name.contains("\(head.name).original_module.") {
        edit.drop(tensor, "the wrapper's untrained copy of the head")
        continue
      }
      edit.put(tensor, as: tensor.spec.name)
    }
    let heads = Set(HeadKind.all.map(\.module) + [head.kind.module])
    var saved = edit.members["modules_to_save"]?.array?.compactMap(\.string) ?? []
    saved.removeAll { heads.contains($0) }
    if isClassifier { saved.append("score") }
    edit.members["modules_to_save"] = saved.isEmpty ? .null : .array(saved.map { .string($0) })
    edit.members["task_type"] =
      switch form {
      case .score: "SEQ_CLS"
      case .tokenClassifier: "TOKEN_CLS"
      default: "CAUSAL_LM"
      }
    edit.members[HeadDeclaration.key] = declaration.json
  }
}
