// swift-tools-version: 6.2
import Foundation
import PackageDescription

let arguments: Target.Dependency = .product(
  name: "ArgumentParser", package: "swift-argument-parser")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")

// MARK: - The file half: bytes, names, arithmetic on spans. No libtorch, no unsafe flags.

let fileHalf: [Target] = [
  // Layer 0
  .target(name: "Diagnostics"),
  .target(name: "TensorCore"),
  .target(name: "CKernels"),
  .target(name: "StrictJSON", dependencies: ["Diagnostics"]),
  .target(name: "FileIO", dependencies: ["CKernels", "Diagnostics", crypto]),
  // Layer 1: one format each
  .target(
    name: "Safetensors", dependencies: ["Diagnostics", "FileIO", "StrictJSON", "TensorCore"]),
  .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
  .target(
    name: "TorchArchive", dependencies: ["CZlib", "Diagnostics", "FileIO", "TensorCore"]),
  .target(name: "GGUF", dependencies: ["CKernels", "Diagnostics", "FileIO", "TensorCore"]),
  .systemLibrary(name: "COniguruma", providers: [.apt(["libonig-dev"])]),
  .target(
    name: "Tokenization", dependencies: ["COniguruma", "Diagnostics", "FileIO", "StrictJSON"]),
  .target(name: "ChatTemplate", dependencies: ["Diagnostics", "FileIO", "StrictJSON"]),
  // Singular values from LAPACK, loaded at run time where a command needs them
  .target(name: "LinearAlgebra", dependencies: ["Diagnostics"]),
  // Layer 2: rows of training data, and their tokens
  .target(
    name: "Datasets",
    dependencies: ["ChatTemplate", "Diagnostics", "FileIO", "StrictJSON", "Tokenization"]),
  // Layer 2: a model directory, its names, its ledger
  .target(
    name: "Checkpoint",
    dependencies: [
      "CKernels", "Diagnostics", "FileIO", "GGUF", "Safetensors", "StrictJSON", "TensorCore",
      "TorchArchive",
    ]),
  // Layer 3
  .target(
    name: "Adapters",
    dependencies: [
      "CKernels", "Checkpoint", "Diagnostics", "FileIO", "GGUF", "LinearAlgebra", "Safetensors",
      "StrictJSON", "TensorCore",
    ]),
  .target(
    name: "Heads",
    dependencies: ["Checkpoint", "Diagnostics", "FileIO", "StrictJSON", "TensorCore"]),
  // Layer 4
  .target(
    name: "Merge",
    dependencies: [
      "Adapters", "CKernels", "Checkpoint", "Diagnostics", "FileIO", "GGUF", "Heads",
      "LinearAlgebra", "Safetensors", "StrictJSON", "TensorCore", "Tokenization",
    ]),
  .target(
    name: "Shards",
    dependencies: [
      "Adapters", "Checkpoint", "Diagnostics", "FileIO", "Heads", "Safetensors", "StrictJSON",
      "TensorCore", "TorchArchive",
    ]),
  // Layer 5
  .target(
    name: "Verify",
    dependencies: [
      "Adapters", "CKernels", "Checkpoint", "Diagnostics", "FileIO", "GGUF", "Heads", "StrictJSON",
      "TensorCore",
    ]),
  .executableTarget(
    name: "graft",
    dependencies: [
      "Adapters", "CKernels", "ChatTemplate", "Checkpoint", "Datasets", "Diagnostics", "FileIO",
      "GGUF",
      "Heads", "Merge", "Safetensors", "Shards", "StrictJSON", "TensorCore", "Tokenization",
      "Verify", arguments,
    ]),
]

// MARK: - The compute half: present only where libtorch is found

/// The folder that holds `torch/` and `nvidia/`: $GRAFT_LIBTORCH, or the one that
/// `Scripts/get-libtorch` fills.
func findLibtorch() -> String? {
  let environment = Context.environment
  let cache =
    environment["XDG_CACHE_HOME"] ?? environment["HOME"].map { "\($0)/.cache" } ?? "/nonexistent"
  let prefix = environment["GRAFT_LIBTORCH"] ?? "\(cache)/graft/libtorch-2.15.0"
  let library = "\(prefix)/torch/lib/libtorch_cpu.so"
  return FileManager.default.fileExists(atPath: library) ? prefix : nil
}

func computeHalf(libtorch: String) -> [Target] {
  let libraries = ["\(libtorch)/torch/lib", "\(libtorch)/nvidia/cu13/lib"]
  let link: [LinkerSetting] = [
    .unsafeFlags(libraries.flatMap { ["-L\($0)", "-Xlinker", "-rpath", "-Xlinker", $0] }),
    .linkedLibrary("torch_cpu"), .linkedLibrary("c10"),
  ]
  return [
    .target(
      name: "CTorch",
      cxxSettings: [
        .unsafeFlags([
          "-isystem", "\(libtorch)/torch/include",
          "-isystem", "\(libtorch)/torch/include/torch/csrc/api/include",
        ])
      ],
      linkerSettings: link),
    .target(name: "Torch", dependencies: ["CTorch", "Diagnostics", "TensorCore"]),
    .target(
      name: "LanguageModels",
      dependencies: [
        "Adapters", "Checkpoint", "Diagnostics", "FileIO", "Heads", "StrictJSON", "TensorCore",
        "Torch",
      ]),
    .target(
      name: "Scoring",
      dependencies: [
        "Adapters", "ChatTemplate", "Checkpoint", "Datasets", "Diagnostics", "FileIO", "Heads",
        "LanguageModels", "StrictJSON", "TensorCore", "Tokenization", "Torch",
      ]),
    .target(
      name: "Training",
      dependencies: [
        "Adapters", "ChatTemplate", "Checkpoint", "Datasets", "Diagnostics", "FileIO", "Heads",
        "LanguageModels", "Safetensors", "Scoring", "StrictJSON", "TensorCore", "Tokenization",
        "Torch", yams,
      ]),
    .executableTarget(
      name: "graft-engine",
      dependencies: [
        "Adapters", "Checkpoint", "Diagnostics", "FileIO", "Heads", "LanguageModels",
        "Safetensors", "Scoring", "StrictJSON", "TensorCore", "Tokenization", "Torch", "Training",
        arguments,
      ]),
  ]
}

let libtorch = findLibtorch()
let engine = libtorch.map(computeHalf) ?? []

// MARK: - Tests mirror targets; all may use TestSupport

/// What the tests of a target use beside what the target uses.
let furtherDependencies: [String: [Target.Dependency]] = ["Verify": ["Merge", "Safetensors"]]

func tests(of target: Target) -> Target {
  let path = "Tests/\(target.name)Tests"
  // Tests find their fixtures beside their sources.
  let fixtures = "\(Context.packageDirectory)/\(path)/Fixtures"
  return .testTarget(
    name: "\(target.name)Tests",
    dependencies: [.target(name: target.name), "TestSupport"] + target.dependencies
      + furtherDependencies[target.name, default: []],
    path: path,
    exclude: FileManager.default.fileExists(atPath: fixtures) ? ["Fixtures"] : [])
}

let untested: Set = [
  "CKernels", "COniguruma", "CZlib", "Diagnostics", "CTorch", "graft", "graft-engine",
]
let support: [Target] = [
  .target(
    name: "TestSupport",
    dependencies: ["Diagnostics", "FileIO", "Safetensors", "StrictJSON", "TensorCore"],
    path: "Tests/TestSupport"),
  .testTarget(
    name: "CommandTests",
    dependencies: [
      "Checkpoint", "Diagnostics", "FileIO", "Safetensors", "StrictJSON", "TensorCore",
      "TestSupport", "graft",
    ] + (libtorch == nil ? [] : ["graft-engine"])),
]

let package = Package(
  name: "graft",
  products: [
    .library(
      name: "GraftFiles",
      targets: fileHalf.filter { $0.type == .regular && $0.name != "CKernels" }.map(\.name)),
    // What Fuzz/ builds under sanitizers.
    .library(
      name: "GraftReaders",
      targets: [
        "ChatTemplate", "Datasets", "Diagnostics", "FileIO", "GGUF", "Safetensors", "Shards",
        "StrictJSON", "TensorCore", "Tokenization", "TorchArchive",
      ]),
    .executable(name: "graft", targets: ["graft"]),
  ] + (libtorch == nil ? [] : [.executable(name: "graft-engine", targets: ["graft-engine"])]),
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: fileHalf + engine + support
    + (fileHalf + engine).filter { !untested.contains($0.name) }.map(tests),
  cxxLanguageStandard: .cxx20
)

// MARK: - Settings of every Swift target

/// Targets that read untrusted bytes: every unsafe step is marked.
let strictlySafe: Set = ["FileIO", "GGUF", "Safetensors", "Shards", "StrictJSON", "TorchArchive"]

for target in package.targets
where !["CKernels", "COniguruma", "CTorch", "CZlib"].contains(target.name) {
  var settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
  ]
  if strictlySafe.contains(target.name) { settings.append(.strictMemorySafety()) }
  target.swiftSettings = (target.swiftSettings ?? []) + settings
}
