/// The name of a head's tensor, taken apart: what wrapped the model when it was saved, the head's
/// module, the layer within it, and the parameter.
///
/// `base_model.model.score.modules_to_save.default.weight` is the weight of `score`, and
/// `v_head.summary.2.bias` the bias of the third step of a sequence.
struct HeadName {
  /// What stands in front of the module, with its dot; empty for most models.
  var wrapper: String
  /// The form.
  var kind: HeadKind
  /// The place in a sequence of layers, or nil for a head of one.
  var layer: Int?
  /// Whether this is the bias.
  var isBias: Bool

  /// Takes a name apart; nil for a tensor that is of no head.
  init?(_ name: String, kinds: [HeadKind]) {
    guard name.hasSuffix(".weight") || name.hasSuffix(".bias") else { return nil }
    var rest = name[...]
    while let wrapper = Self.wrappers.first(where: { rest.hasPrefix($0) }) {
      rest = rest.dropFirst(wrapper.count)
    }
    guard let kind = kinds.first(where: { Self.leads($0.module, into: rest) }) else { return nil }
    wrapper = String(name.dropLast(rest.count))
    self.kind = kind
    var parts = rest.dropFirst(kind.module.count + 1).split(separator: ".")
    if parts.first == "modules_to_save", parts.count > 2 { parts.removeFirst(2) }
    isBias = parts.popLast() == "bias"
    guard let number = parts.first else { return }
    guard parts.count == 1, let index = Int(number), (0..<100).contains(index) else { return nil }
    layer = index
  }

  private static func leads(_ module: String, into name: Substring) -> Bool {
    name.hasPrefix(module) && name.dropFirst(module.count).first == "."
      // `v_head.summary.weight` is of `v_head.summary`, not of `v_head`.
      && !name.dropFirst(module.count + 1).hasPrefix("summary.")
  }

  static let wrappers = [
    "base_model.model.", "module.", "pretrained_model.", "_orig_mod.", "_fsdp_wrapped_module.",
    "_checkpoint_wrapped_module.",
  ]
}
