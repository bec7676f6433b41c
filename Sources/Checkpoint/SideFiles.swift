public import Diagnostics
import FileIO

/// The files of a model directory that go along when its weights are rewritten.
public enum SideFiles {
  private static let exact: Set = [
    "tokenizer.json", "tokenizer_config.json", "tokenizer.model", "special_tokens_map.json",
    "added_tokens.json", "vocab.json", "vocab.txt", "merges.txt", "spiece.model",
    "sentencepiece.bpe.model", "tekken.json", "chat_template.jinja", "chat_template.json",
    chatFormat, "generation_config.json", "preprocessor_config.json", "processor_config.json",
  ]
  /// The tokenizer's own among them.
  private static let tokenizer: Set = [
    "tokenizer.json", "tokenizer_config.json", "tokenizer.model", "special_tokens_map.json",
    "added_tokens.json", "vocab.json", "vocab.txt", "merges.txt", "spiece.model",
    "sentencepiece.bpe.model", "tekken.json",
  ]
  private static let templates: Set = ["chat_template.jinja", "chat_template.json"]
  /// The chat format that a model was trained with.
  private static let chatFormat = "chat_format.json"
  /// Licences, and code that config.json's `auto_map` names.
  private static let prefixes = ["LICENSE", "LICENCE", "COPYING", "NOTICE", "USE_POLICY"]
  private static let suffixes = [".py", ".tiktoken"]
  /// Folders of which every file goes along: chat templates beside the main one.
  private static let folders = ["additional_chat_templates"]

  /// The files of a merged model whose tokenizer may come from another directory: that one's
  /// tokenizer and chat template, the chat format of the last adapter that has one with its
  /// template, and everything else of the base.
  ///
  /// - Returns: names, each with the directory to take it from.
  public static func names(
    inBase directory: String, tokenizerFrom other: String, adapters: [String]
  ) throws(GraftError) -> [(name: String, directory: String)] {
    let names = try names(in: directory, tokenizerFrom: other)
    guard let adapter = adapters.last(where: { fileExists("\($0)/\(chatFormat)") }) else {
      return names
    }
    // A model without a template of its own was given one with the format.
    let brought = ([chatFormat] + templates.sorted()).filter { fileExists("\(adapter)/\($0)") }
    return names.filter { !brought.contains($0.name) } + brought.map { ($0, adapter) }
  }

  private static func names(
    in directory: String, tokenizerFrom other: String
  ) throws(GraftError) -> [(name: String, directory: String)] {
    let own = try names(in: directory)
    guard other != directory else { return own.map { ($0, directory) } }
    let theirs = try names(in: other)
    var taken = theirs.filter(tokenizer.contains)
    let bringsTemplate = theirs.contains(where: templates.contains)
    if bringsTemplate { taken += theirs.filter(templates.contains) }
    let kept = own.filter { name in
      !tokenizer.contains(name) && !(bringsTemplate && templates.contains(name))
    }
    return kept.map { ($0, directory) } + taken.map { ($0, other) }
  }

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
