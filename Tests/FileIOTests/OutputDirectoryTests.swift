import Diagnostics
import FileIO
import Glibc
import TestSupport
import Testing

@Suite struct OutputDirectoryTests {
  let temporary: TemporaryDirectory

  init() throws { temporary = try TemporaryDirectory() }

  private func write(_ text: String, to directory: OutputDirectory) throws {
    let file = try OutputFile(directory.file("a.txt"))
    try file.write(text)
    _ = try file.close()
  }

  private func text(_ path: String) throws -> String {
    String(decoding: try readFile(path), as: UTF8.self)
  }

  @Test func `a directory appears on commit and not before`() throws {
    let path = temporary.file("out")
    let output = try OutputDirectory(path)
    try write("x", to: output)
    #expect(!directoryExists(path))
    try output.commit()
    #expect(try text("\(path)/a.txt") == "x")
    #expect(try directoryEntries(temporary.path) == ["out"])
  }

  @Test func `an abandoned directory leaves nothing`() throws {
    do {
      let output = try OutputDirectory(temporary.file("out"))
      try write("x", to: output)
    }
    #expect(try directoryEntries(temporary.path).isEmpty)
  }

  @Test func `an existing directory is kept unless replacing is asked for`() throws {
    let path = temporary.file("out")
    let first = try OutputDirectory(path)
    try write("1", to: first)
    try first.commit()
    let error = #expect(throws: GraftError.self) { try OutputDirectory(path) }
    #expect(error?.code == .outputExists)
    let second = try OutputDirectory(path + "/", replacing: true)
    try write("2", to: second)
    #expect(try text("\(path)/a.txt") == "1")
    try second.commit()
    #expect(try text("\(path)/a.txt") == "2")
    #expect(try directoryEntries(temporary.path) == ["out"])
  }

  @Test func `an input is never an output, whatever it is called`() throws {
    let base = temporary.file("base")
    try makeDirectories(base)
    symlink(base, temporary.file("link"))
    for path in [base, temporary.file("link"), "\(base)/../base", temporary.path] {
      let error = #expect(throws: GraftError.self) {
        try OutputDirectory(path, replacing: true, inputs: [base])
      }
      #expect(error?.code == .outputIsInput)
    }
  }

  @Test func `remains of a dead process are removed, of a living one are not`() throws {
    let dead = temporary.file(".out.graft-partial-999999999")
    let alive = temporary.file(".out.graft-partial-1")
    try makeDirectories(dead)
    try makeDirectories(alive)
    _ = try OutputDirectory(temporary.file("out"))
    #expect(!directoryExists(dead))
    #expect(directoryExists(alive))
  }

  @Test func `a directory set aside by a process that died is put back`() throws {
    let aside = temporary.file(".out.graft-replaced-999999999")
    try makeDirectories(aside)
    let error = #expect(throws: GraftError.self) {
      try OutputDirectory(temporary.file("out"), replacing: false)
    }
    #expect(error?.code == .outputExists)
    #expect(directoryExists(temporary.file("out")))
  }
}

@Suite struct OutputFileTests {
  let temporary: TemporaryDirectory

  init() throws { temporary = try TemporaryDirectory() }

  @Test(arguments: [0, 1, 1000, (1 << 20) - 1, 1 << 20, (3 << 20) + 17])
  func `size and hash are those of the bytes`(count: Int) throws {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let path = temporary.file("f")
    let file = try OutputFile(path)
    var rest = bytes[...]
    while !rest.isEmpty {
      let piece = rest.prefix(700_001)
      try file.write(Array(piece))
      rest = rest.dropFirst(piece.count)
    }
    let seal = try file.close()
    #expect(seal.byteCount == count)
    #expect(try readFile(path) == bytes)
    #expect(try sha256(ofFile: path) == seal.sha256)
  }

  @Test func `the hash is SHA-256`() throws {
    let seal = try writeFileAtomically(temporary.file("f"), "abc")
    #expect(
      seal.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }

  @Test func `a file that is not closed is removed`() throws {
    do {
      let file = try OutputFile(temporary.file("f"))
      try file.write("x")
    }
    #expect(!fileExists(temporary.file("f")))
  }
}
