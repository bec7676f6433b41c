import Glibc

// `graft-fuzz TARGET [libFuzzer's options and corpus folders]`
//
// libFuzzer brings `main` and calls these two. Every target reads its input as far as a command
// would, and expects an error or a result: what libFuzzer reports is a crash, a hang, a bad access,
// or an allocation beyond its limit.

typealias Target = @Sendable (UnsafeRawBufferPointer) -> Void

private let targets: [(name: String, run: Target)] = [
  ("safetensors", safetensors), ("zip", zip), ("pickle", pickle), ("gguf", gguf), ("json", json),
  ("template", template), ("distributed", distributed), ("rows", rows), ("tokenizer", tokenizer),
  ("vocabulary", vocabulary), ("scanners", scanners),
]

/// Set once, before the first input.
nonisolated(unsafe) private var chosen: Target = json

/// Takes the target's name out of the arguments.
@_cdecl("LLVMFuzzerInitialize") public func initialize(
  _ count: UnsafeMutablePointer<CInt>,
  _ values: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>
) -> CInt {
  let name = count.pointee > 1 ? values.pointee[1].map { String(cString: $0) } : nil
  guard let target = targets.first(where: { $0.name == name }) else {
    print("usage: graft-fuzz \(targets.map(\.name).joined(separator: "|")) [libFuzzer options]")
    exit(2)
  }
  chosen = target.run
  values.pointee[1] = values.pointee[0]
  values.pointee += 1
  count.pointee -= 1
  return 0
}

/// Reads one input.
@_cdecl("LLVMFuzzerTestOneInput") public func readOne(
  _ data: UnsafePointer<UInt8>?, _ size: Int
) -> CInt {
  chosen(UnsafeRawBufferPointer(start: data, count: size))
  return 0
}
