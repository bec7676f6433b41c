import Adapters
import Checkpoint
import Diagnostics
import FileIO
import StrictJSON

/// What the graft.json of a merged model says about its making.
struct MergeRecord {
  private let file: String
  private let settings: JSONObject
  /// SHA-256 of the base's files, by their names.
  private(set) var baseHashes: [String: String] = [:]
  /// SHA-256 of the files of each adapter.
  private var adapterHashes: [Set<String>] = []
  /// Tensors of the base that the merge dropped, other than copies and buffers.
  private(set) var leftOut: [String] = []

  /// Reads the record; nil where there is none, or another command made it.
  init?(_ directory: String) throws(GraftError) {
    file = "\(directory)/\(Provenance.fileName)"
    guard fileExists(file) else { return nil }
    let json = try JSONValue.parse(try readFile(file), file: file)
    guard json["command"]?.string == "merge", let inputs = json["inputs"]?.array,
      let base = inputs.first
    else { return nil }
    settings = json["settings"]?.object ?? JSONObject()
    for entry in base["files"]?.array ?? [] {
      guard let name = entry["name"]?.string else { continue }
      baseHashes[name] = entry["sha256"]?.string
    }
    for input in inputs.dropFirst() {
      adapterHashes.append(
        Set((input["files"]?.array ?? []).compactMap { $0["sha256"]?.string }))
    }
    let path = base["path"]?.string ?? ""
    let harmless = ["computed again on loading", "equal to the embedding that it is tied to"]
    for entry in json["ledger"]?["dropped"]?.array ?? [] {
      guard let tensor = entry["tensor"]?.string, let reason = entry["reason"]?.string,
        tensor.hasPrefix(path + "/"), !harmless.contains(reason)
      else { continue }
      leftOut.append(String(tensor.split(separator: " ").last ?? ""))
    }
  }

  /// Refuses an adapter that was not in the merge.
  func require(_ adapter: Adapter) throws(GraftError) {
    for weights in adapter.store.files {
      let hash = try sha256(ofFile: weights)
      guard adapterHashes.contains(where: { $0.contains(hash) }) else {
        throw .otherMerge(weights, record: file)
      }
    }
  }

  /// Refuses a list of adapters that is not that of the merge.
  func requireAll(_ adapters: [Adapter]) throws(GraftError) {
    guard adapters.count == adapterHashes.count else {
      throw .otherMerge("\(adapters.count) adapters", record: file)
    }
    for (adapter, hashes) in zip(adapters, adapterHashes) {
      for weights in adapter.store.files where !hashes.contains(try sha256(ofFile: weights)) {
        throw .otherMerge(weights, record: file)
      }
    }
  }

  /// How the adapters were combined.
  func combination(_ weights: [Double]?) -> AdapterCombination {
    let recorded = settings["combination"].flatMap(AdapterCombination.init) ?? AdapterCombination()
    guard let weights else { return recorded }
    var out = recorded
    out.weights = weights
    return out
  }
}
