// swift-tools-version: 6.2
import PackageDescription

// The readers of files that nobody vouches for, under libFuzzer and AddressSanitizer. A package of
// its own, since the sanitizers want everything built again: see the run script.
let package = Package(
  name: "graft-fuzz",
  dependencies: [.package(name: "graft", path: "..")],
  targets: [
    .executableTarget(
      name: "graft-fuzz",
      dependencies: [.product(name: "GraftReaders", package: "graft")],
      swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)])
  ]
)
