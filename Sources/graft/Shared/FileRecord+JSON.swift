import Checkpoint
import FileIO
import StrictJSON

extension FileRecord {
  /// `{name, bytes, sha256}`
  var json: JSONValue {
    [
      "name": .string(name), "bytes": JSONValue(seal.byteCount), "sha256": .string(seal.sha256),
    ]
  }
}
