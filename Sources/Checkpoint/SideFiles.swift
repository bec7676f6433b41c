public import Diagnostics
import FileIO

/// The files of a model directory that go along when its weights are rewritten.
public enum SideFiles {
  private static let exact: Set = [
    "tokenizer.json", "tokenizer_config.json", "tokenizer.model", "special_tokens_map.json",
    "added_tokens.json", "vocab.json", "vocab.txt", "merges.txt", "spiece.model",
    "sentencepiece.bpe.model", "tekken.json", "chat_template.jinja", "chat_template.json",
    "generation_config.json", "preprocessor_config.json", "processor_config.json",
  ]
  /// Licences, and code that config.json's `auto_map` names.
  private static let prefixes = ["LICENSE", "LICENCE", "COPYING", "NOTICE", "USE_POLICY"]
  private static let suffixes = [".py", ".tiktoken"]
  /// Folders of which every file goes along: chat templates beside the main one.
  private static let folders = ["additional_chat_templates"]

  /// The names in `directory` of tokenizer, chat templates, generation settings, model code and
  /// licence; with a slash for a file in a folder.
  public static func names(in directory: String) throws(GraftError) -> [String] {
    var names = try directoryEntries(directory).filter { name in
      let upper = name.uppercased()
      return exact.contains(name) || prefixes.contains { upper.hasPrefix($0) }
        || suffixes.contains { name.hasSuffix($0) }
    }.filter { fileExists("\(directory)/\($0)") }
    for folder in folders where directoryExists("\(directory)/\(folder)") {
      names += try directoryEntries("\(directory)/\(folder)").map { "\(folder)/\($0)" }
        .filter { fileExists("\(directory)/\($0)") }
    }
    return names
  }
}
