import FileIO

extension ShardedLayout.Kind {
  /// Whether a directory with these entries holds files of this kind.
  func isPresent(in directory: String, entries: [String]) -> Bool {
    switch self {
    case .deepSpeed:
      entries.contains { $0.hasSuffix("_model_states.pt") || $0.hasSuffix("optim_states.pt") }
    case .universal:
      entries.contains("zero") && directoryExists("\(directory)/zero")
    case .distributed:
      entries.contains { $0 == ".metadata" || $0.hasPrefix("__") && $0.hasSuffix(".metadata") }
    case .distributedSafetensors: ShardedSafetensors.isPresent(in: directory, entries: entries)
    case .megatron:
      entries.contains { name in
        name.hasPrefix("mp_rank_")
          && ["model_optim_rng.pt", "model_rng.pt"].contains {
            fileExists("\(directory)/\(name)/\($0)")
          }
      }
    }
  }

  /// The program, in words.
  var program: String {
    switch self {
    case .deepSpeed: "DeepSpeed"
    case .universal: "DeepSpeed universal"
    case .distributed: "torch.distributed.checkpoint"
    case .distributedSafetensors: "torch.distributed.checkpoint in safetensors"
    case .megatron: "Megatron"
    }
  }
}
