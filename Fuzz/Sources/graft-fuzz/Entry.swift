import Glibc

// `graft-fuzz TARGET [libFuzzer's options and corpus folders]`
// `graft-fuzz scanners random COUNT FINDING`: random texts, without libFuzzer
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

private let targetVariable = "GRAFT_FUZZ_TARGET"

/// Set once, before the first input.
nonisolated(unsafe) private var chosen: Target = json

/// Takes the target's name out of the arguments.
@_cdecl("LLVMFuzzerInitialize") public func initialize(
  _ count: UnsafeMutablePointer<CInt>,
  _ values: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>
) -> CInt {
  func argument(_ index: CInt) -> String? {
    index < count.pointee ? values.pointee[Int(index)].map { String(cString: $0) } : nil
  }
  // The processes that libFuzzer starts for -merge and -fork get its own options only.
  let inherited = getenv(targetVariable).map { String(cString: $0) }
  let named = targets.first { $0.name == argument(1) }
  guard let target = named ?? targets.first(where: { $0.name == inherited }) else {
    print("usage: graft-fuzz \(targets.map(\.name).joined(separator: "|")) [libFuzzer options]")
    exit(2)
  }
  if target.name == "scanners", count.pointee == 5, argument(2) == "random",
    let texts = argument(3).flatMap({ Int($0) }), let finding = argument(4)
  {
    compareRandomTexts(texts, finding: finding)
  }
  chosen = target.run
  guard named != nil else { return 0 }
  setenv(targetVariable, target.name, 1)
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
