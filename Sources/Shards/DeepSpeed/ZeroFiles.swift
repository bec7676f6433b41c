import Diagnostics
import FileIO

/// The files that DeepSpeed wrote for one step, by the numbers in their names.
///
/// Source: DeepSpeed 0.19 `engine.py`, the functions that end in `_ckpt_name`.
struct ZeroFiles {
  /// A file and the processes that it stands for.
  struct Entry: Hashable {
    var path: String
    /// The rank among those that divide the parameters; nil where all have the same.
    var dataRank: Int?
    /// The rank among those that divide each layer.
    var modelRank: Int
  }

  /// A file of one expert.
  struct Expert: Hashable {
    var path: String
    var layer: Int
    var number: Int
  }

  let directory: String
  /// `*_model_states.pt`, ranks in order.
  private(set) var models: [Entry] = []
  /// `*_optim_states.pt`, ranks in order.
  private(set) var optimizers: [Entry] = []
  /// Whether these are the files of one of several ranks that divide each layer.
  private(set) var isOneModelRank = false
  /// `layer_L_expert_E_mp_rank_XX_model_states.pt`, in order.
  private(set) var experts: [Expert] = []

  /// Lists a directory.
  ///
  /// - Throws: ``GraftError`` for a model that was divided into pipeline stages, and where two files
  ///   claim the same rank.
  init(_ directory: String) throws(GraftError) {
    self.directory = directory
    for name in try directoryEntries(directory) where fileExists("\(directory)/\(name)") {
      try add(name)
    }
    let order: (Entry, Entry) -> Bool = {
      ($0.modelRank, $0.dataRank ?? 0) < ($1.modelRank, $1.dataRank ?? 0)
    }
    models.sort(by: order)
    optimizers.sort(by: order)
    experts.sort { ($0.layer, $0.number) < ($1.layer, $1.number) }
    for list in [models, optimizers] {
      for (a, b) in zip(list, list.dropFirst())
      where (a.dataRank ?? 0, a.modelRank) == (b.dataRank ?? 0, b.modelRank) {
        throw .rankTwice(a.path, b.path)
      }
    }
  }

  private mutating func add(_ name: String) throws(GraftError) {
    let path = "\(directory)/\(name)"
    guard name.hasSuffix("_states.pt") else { return }
    if name.hasPrefix("layer_") {
      guard let layer = Self.number(after: "layer_", in: name),
        let expert = Self.number(after: "_expert_", in: name)
      else { throw .pipelineStages(path) }
      experts.append(Expert(path: path, layer: layer, number: expert))
      return
    }
    guard let model = Self.number(after: "mp_rank_", in: name) else { return }
    let data = Self.number(after: "zero_pp_rank_", in: name)
    let entry = Entry(path: path, dataRank: data, modelRank: model)
    if name.hasSuffix("model_states.pt") {
      models.append(entry)
    } else if name.hasSuffix("optim_states.pt"), !name.hasPrefix("expp_rank_") {
      optimizers.append(entry)
    }
  }

  /// The files of one of the ranks that divide each layer.
  func only(modelRank: Int) -> ZeroFiles {
    var files = self
    files.isOneModelRank = true
    files.models.removeAll { $0.modelRank != modelRank }
    files.optimizers.removeAll { $0.modelRank != modelRank }
    return files
  }

  /// The ranks that divide each layer.
  var modelRanks: [Int] { Set((models + optimizers).map(\.modelRank)).sorted() }

  /// The number behind the first `prefix` in a name.
  static func number(after prefix: String, in name: String) -> Int? {
    let text = Array(name.utf8)
    let mark = Array(prefix.utf8)
    guard text.count > mark.count else { return nil }
    for start in 0...(text.count - mark.count)
    where text[start..<start + mark.count].elementsEqual(mark) {
      let digits = text[(start + mark.count)...].prefix { (0x30...0x39).contains($0) }
      if let number = Int(String(decoding: digits, as: UTF8.self)) { return number }
    }
    return nil
  }
}
