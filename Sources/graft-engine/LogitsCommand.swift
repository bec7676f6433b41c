import ArgumentParser
import Checkpoint
import Diagnostics
import FileIO
import LanguageModels
import Safetensors
import Scoring
import TensorCore
import Torch

struct LogitsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logits",
    abstract: "Write a causal model's logits, to compare implementations.",
    usage: "graft-engine logits MODEL --ids IN.jsonl -o OUT.safetensors",
    discussion: """
      Each line of IN.jsonl is an object with "ids" (or "text", or "messages"). The file gets one \
      float32 tensor "logits.N" of shape [tokens, vocabulary] for each line, N from 0.
      """)

  @Argument(help: "The model's directory.")
  var model: String

  @Option(help: "What to run.")
  var ids: String

  @Option(name: [.short, .customLong("output")], help: "The safetensors file to write.")
  var output: String

  @Option(help: "An adapter directory to put on the model.")
  var adapter: String?

  @Option(help: "The type to compute in: float32 or bfloat16.")
  var dtype = ComputeType.float32

  func run() throws {
    let rows = try ScoringRow.read(ids, model: model)
    let loaded = try loadCausalModel(model, adapter: adapter, dtype: dtype.dtype)
    let vocabulary = try loaded.directory.config.vocabularySize
    try rows.check(vocabularySize: vocabulary, file: ids)
    let writer = try SafetensorsWriter(
      output,
      tensors: rows.enumerated().map { i, row in
        TensorSpec(name: "logits.\(i)", dtype: .f32, shape: [row.ids.count, vocabulary])
      })
    for row in rows {
      let bytes = try withoutGradients { () throws(GraftError) in
        let hidden = try loaded.model.hiddenStates(PackedBatch(sequences: [row.ids]))
        return try loaded.model.logits(hidden).converted(to: .f32).bytes()
      }
      try bytes.span.bytes.withUnsafeBytes { (raw) throws(GraftError) in try writer.append(raw) }
    }
    _ = try writer.close()
  }
}

extension ComputeType {
  static let float32 = ComputeType(.f32)

  init(_ dtype: DType) { self.dtype = dtype }
}
