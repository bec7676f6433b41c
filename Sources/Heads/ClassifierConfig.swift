public import Checkpoint
public import StrictJSON

extension ModelConfig {
  /// This configuration, changed to that of a sequence classifier: class name and labels.
  ///
  /// transformers reads the number of labels from `id2label` only, and takes two where it is
  /// absent; labels that already have the right number keep their names.
  ///
  /// - Parameters:
  ///   - className: as in "LlamaForSequenceClassification".
  ///   - labels: the rows of the head; 1 for a reward model.
  public func classifierMembers(className: String, labels: Int) -> JSONObject {
    var members = json
    members["architectures"] = [.string(className)]
    if members["id2label"]?.object?.count != labels {
      var names = JSONObject()
      var numbers = JSONObject()
      for label in 0..<labels {
        names["\(label)"] = .string("LABEL_\(label)")
        numbers["LABEL_\(label)"] = JSONValue(label)
      }
      members["id2label"] = .object(names)
      members["label2id"] = .object(numbers)
    }
    if members["num_labels"] != nil { members["num_labels"] = JSONValue(labels) }
    return members
  }
}
