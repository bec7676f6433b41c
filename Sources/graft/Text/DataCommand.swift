import ArgumentParser
import Datasets
import Diagnostics
import FileIO
import StrictJSON
import Tokenization

struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data",
    abstract: "Show what training will see of a data set.",
    discussion: """
      Reads a file (json, jsonl, csv, txt, parquet; also .gz and .zst), a folder or a glob, in the \
      layouts of TRL, OpenRLHF and LLaMA-Factory; or with --dataset-dir an entry of its \
      dataset_info.json. With --model preferences are tokenized as `graft train` does: by the \
      chat format that the model was trained with, else by its own chat template; rows of a file \
      that is named itself as TRL's RewardTrainer does, which leaves out what is longer than \
      --cutoff-len. With --template (LLaMA-Factory's names) rows of all stages are tokenized as \
      LLaMA-Factory does. Lengths, cuts and labels are shown, and what is left out, with the \
      reason and the place.
      """)

  @Argument(help: "A file, a folder or a glob; or the name of a data set in --dataset-dir.")
  var data: String

  @Option(help: "The folder of a dataset_info.json that names the data set.")
  var datasetDir: String?

  @Option(help: "The directory of the model whose tokenizer is used.")
  var model: String?

  @Option(help: "The chat format, by LLaMA-Factory's name.")
  var template: String?

  @Option(help: "What training reads: pt, sft, rm or kto; told by the rows if absent.")
  var stage: String?

  @Option(help: "The longest sequence, in tokens.")
  var cutoffLen = 2048

  @Option(help: "The rows to read; all if absent.")
  var maxSamples: Int?

  @Flag(help: "Train on prompts too.")
  var trainOnPrompt = false

  @Flag(help: "Train on the last answer of a conversation only.")
  var maskHistory = false

  @Flag(help: "Pack several conversations into one sequence.")
  var packing = false

  @Option(help: "The examples to show.")
  var examples = 2

  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    var report = DataReport(exampleLimit: examples)
    if let datasetDir {
      let info = try DatasetInfo(data, directory: datasetDir)
      try read(DatasetReader(info), info, into: &report)
    } else {
      try read(DatasetReader(files: try DatasetInfo.files(data)), nil, into: &report)
    }
    print(json ? report.json.text() : report.text().joined(separator: "\n"))
    if report.rowCount == 0 || report.exampleCount == 0 { throw GraftError.noExamples(data) }
  }

  private func read(
    _ reader: DatasetReader, _ info: DatasetInfo?, into report: inout DataReport
  ) throws {
    if let stage {
      guard let known = EncodingStage(rawValue: stage) else {
        throw GraftError.invalidOption("--stage", stage, expected: "pt, sft, rm or kto")
      }
      report.stage = known
    }
    if let model, template == nil, try isOfPreferences(reader, stage: report.stage) {
      let encoder = try ConversationEncoder(directory: model)
      report.tokenizer = encoder.tokenizer
      report.stage = .rm
      let pairs = try PairEncoder(info, encoder, cutoff: cutoffLen)
      try reader.forEachRow(limit: maxSamples) { (row, file) throws(GraftError) in
        let outcome = try pairs.encode(row, file: file)
        report.add(outcome, at: RowPlace(file: file, line: row.line))
        // How TRL's layouts look as turns is for the eye alone.
        if report.wantsExamples, case .pair = outcome,
          case .example(let example)? = try? reader.convert(row, file: file)
        {
          report.show(example)
        }
      }
      return
    }
    var batch: [Example] = []
    var encoder: ExampleEncoder?
    try reader.forEach(limit: maxSamples) { (outcome, place) throws(GraftError) in
      report.rowCount += 1
      switch outcome {
      case .dropped(let reason): report.dropped.add(reason, at: place)
      case .example(let example):
        if report.stage == nil { report.stage = EncodingStage(telling: example) }
        report.add(example)
        guard model != nil else { return }
        if encoder == nil { encoder = try exampleEncoder(report.stage ?? .sft) }
        batch.append(example)
        if let encoder, batch.count == encoder.options.batchSize {
          report.add(try encoder.encode(batch))
          batch = []
        }
      }
    }
    if let encoder {
      report.add(try encoder.encode(batch))
      report.tokenizer = encoder.format.tokenizer
    }
  }

  /// Whether the first row is a preference.
  private func isOfPreferences(
    _ reader: DatasetReader, stage: EncodingStage?
  ) throws(GraftError) -> Bool {
    if let stage { return stage == .rm }
    var isOne = false
    try reader.forEach(limit: 1) { (outcome, _) throws(GraftError) in
      if case .example(let example) = outcome { isOne = EncodingStage(telling: example) == .rm }
    }
    return isOne
  }

  private func exampleEncoder(_ stage: EncodingStage) throws(GraftError) -> ExampleEncoder {
    guard let model, template != nil || stage == .pt else { throw GraftError.noFormat }
    var options = EncodingOptions()
    options.cutoff = cutoffLen
    options.trainsOnPrompt = trainOnPrompt
    options.masksHistory = maskHistory
    options.packs = packing
    let format = try FormatTokenizer(
      .named(template ?? "empty"), Tokenizer(directory: model), options: options)
    return try ExampleEncoder(
      stage, format: format, options: options, addsBeginning: Self.addsBeginning(model))
  }

  private static func addsBeginning(_ model: String) throws(GraftError) -> Bool {
    let path = "\(model)/tokenizer_config.json"
    guard fileExists(path) else { return false }
    return try JSONValue.parse(readFile(path), file: path)["add_bos_token"]?.bool ?? false
  }
}

extension EncodingStage {
  /// The stage that reads examples like this one.
  fileprivate init(telling example: Example) {
    switch example.response {
    case let answers where answers.isEmpty: self = .pt
    case let answers where answers.count == 2:
      self = answers.contains { $0.content.isEmpty } ? .kto : .rm
    default: self = .sft
    }
  }
}
