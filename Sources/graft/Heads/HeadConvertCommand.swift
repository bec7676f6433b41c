import ArgumentParser
import Diagnostics
import Heads

/// `graft head convert`
struct HeadConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Store a head in the form that another tool reads, bit for bit.",
    discussion: """
      Forms:
        score             score.weight in a ...ForSequenceClassification (transformers, TRL)
        token-classifier  score.weight and score.bias in a ...ForTokenClassification
        v_head            value_head.safetensors beside a ...ForCausalLM (LLaMA-Factory)
        trl               v_head.summary in the weights of a ...ForCausalLM (TRL)
        openrlhf          score.weight, named in value_head_prefix (OpenRLHF)
        value_head        value_head.weight, named in value_head_prefix (OpenRLHF, older)
        reward-model      score.0 and score.2 with a ReLU between, in a ...ForRewardModel (Qwen, vLLM)
      A head of several layers needs --activation, because no file says what stands between them: \
      with none the layers become one, with relu they go into a reward-model. The first and the third also serve adapters. A bias that a form has no place for is declared \
      as graft_head.offset in the configuration, and is a bias again on the way back.
      """)

  @Argument(help: "A model or adapter directory with a head.")
  var directory: String

  @Option(help: "The form: \(HeadForm.allCases.map(\.rawValue).joined(separator: ", ")).")
  var to: HeadForm

  @OptionGroup var output: HeadOutputOptions

  @Option(help: "The module that is the head, where it has a name of its own.")
  var headName: String?

  @Flag(help: "Refuse a bias that the form has no place for, instead of declaring it.")
  var noOffset = false

  @Flag(help: "Keep the language model's output matrix in a classifier, for the way back.")
  var keepLmHead = false

  @Option(help: "A model to take the output matrix from, where the classifier has none.")
  var lmHeadFrom: String?

  @Flag(help: "Take OpenRLHF's (r - mean) / std into the head, rounded once.")
  var foldNormalization = false

  @Option(
    help: ArgumentHelp(
      "What stands between a head's layers: "
        + "\(HeadActivation.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "function"))
  var activation: HeadActivation?

  @Option(help: "The family's part of the class name, as in Llama, where it is not known.")
  var className: String?

  func run() throws {
    var conversion = HeadConversion(input: directory, output: output.writing.output, form: to)
    conversion.headName = headName
    conversion.allowsOffset = !noOffset
    conversion.keepsOutputMatrix = keepLmHead
    conversion.outputMatrixFrom = lmHeadFrom
    conversion.foldsNormalization = foldNormalization
    conversion.activation = activation
    conversion.className = className
    conversion.replacesOutput = output.writing.force
    conversion.shardByteLimit = try Options.size(output.shardSize)
    try output.report("converted:") { (progress) throws(GraftError) in
      try conversion.run(progress: progress)
    }
  }
}
