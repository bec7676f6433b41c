import Checkpoint
import Datasets
import Diagnostics
import FileIO
import StrictJSON

/// A tokenizer beside a model.
struct TokenizerReport {
  let file: String
  /// One more than the highest token id.
  let tokenCount: Int
  let hasChatTemplate: Bool
  /// The chat format that the model was trained with, if it was not its own template.
  let chatFormat: String?

  /// - Returns: nil if the directory has no tokenizer.json.
  init?(_ directory: String) throws(GraftError) {
    file = "\(directory)/tokenizer.json"
    guard fileExists(file) else { return nil }
    chatFormat = try FormatChoice(directory: directory)?.name
    let settings = "\(directory)/tokenizer_config.json"
    if fileExists("\(directory)/chat_template.jinja") {
      hasChatTemplate = true
    } else if fileExists(settings) {
      let json = try JSONValue.parse(try readFile(settings), file: settings)
      hasChatTemplate = !(json["chat_template"] ?? .null).isNull
    } else {
      hasChatTemplate = false
    }
    if let count = try VocabularyScan.tokenCount(file) {
      tokenCount = count
    } else {
      tokenCount = try VocabularySizes.tokens(in: directory) ?? 0
    }
  }
}
