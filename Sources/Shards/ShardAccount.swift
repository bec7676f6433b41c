/// What became of the elements that one part of a shard file holds.
public struct ShardAccount: Sendable, Hashable {
  /// The file.
  public var file: String
  /// The process that wrote it, from 0.
  public var rank: Int
  /// The part of the file, as in "group 0".
  public var part: String
  /// The elements that the parameters' shapes ask of it.
  public var expected: Int
  /// The elements that are read into parameters.
  public var read: Int
  /// The elements that fill it up to the size that its rules ask for, and mean nothing.
  public var padding: Int
  /// The elements that are there.
  public var stored: Int

  /// Opens an account.
  public init(
    file: String, rank: Int, part: String, expected: Int, read: Int, padding: Int, stored: Int
  ) {
    self.file = file
    self.rank = rank
    self.part = part
    self.expected = expected
    self.read = read
    self.padding = padding
    self.stored = stored
  }

  /// Whether all that is expected is read, and all that is there is read or padding.
  public var isComplete: Bool {
    read == expected && padding >= 0 && read + padding == stored
  }
}
