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
      dataset_info.json. With --model and --template (LLaMA-Factory's names) the rows are \
      tokenized as LLaMA-Factory does, and lengths, cuts and labels are shown.
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
    let reader: DatasetReader
    if let datasetDir {
      reader = DatasetReader(try DatasetInfo(data, directory: datasetDir))
    } else {
      reader = DatasetReader(files: try DatasetInfo.files(data))
    }
    let contents = try reader.read(limit: maxSamples)
    var report = DataReport(contents, stage: try chosenStage(contents))
    if let model {
      guard template != nil || report.stage == .pt else { throw GraftError.noFormat }
      var options = EncodingOptions()
      options.cutoff = cutoffLen
      options.trainsOnPrompt = trainOnPrompt
      options.masksHistory = maskHistory
      options.packs = packing
      let tokenizer = try Tokenizer(directory: model)
      let format = try FormatTokenizer(
        .named(template ?? "empty"), tokenizer, options: options)
      let encoder = try ExampleEncoder(
        report.stage, format: format, options: options, addsBeginning: Self.addsBeginning(model))
      report.batch = try encoder.encode(contents.examples)
      report.tokenizer = tokenizer
    }
    print(json ? report.json.text() : report.text(showing: examples).joined(separator: "\n"))
  }

  private func chosenStage(_ contents: DatasetReader.Contents) throws(GraftError) -> EncodingStage {
    if let stage {
      guard let known = EncodingStage(rawValue: stage) else {
        throw .invalidOption("--stage", stage, expected: "pt, sft, rm or kto")
      }
      return known
    }
    switch contents.examples.first?.response {
    case nil: return .sft
    case let answers? where answers.isEmpty: return .pt
    case let answers? where answers.count == 2:
      return answers.contains { $0.content.isEmpty } ? .kto : .rm
    default: return .sft
    }
  }

  private static func addsBeginning(_ model: String) throws(GraftError) -> Bool {
    let path = "\(model)/tokenizer_config.json"
    guard fileExists(path) else { return false }
    return try JSONValue.parse(readFile(path), file: path)["add_bos_token"]?.bool ?? false
  }
}
