import Adapters
import Testing

/// Truth by Python 3.11's `re.fullmatch`.
@Suite struct PathPatternTests {
  private static let paths = [
    "model.layers.0.self_attn.q_proj", "model.layers.1.self_attn.v_proj",
    "model.layers.0.self_attn.v_proj", "model.layers.1.mlp.down_proj",
    "model.layers.12.mlp.up_proj", "lm_head", "q_proj", "layers.1.self_attn.k_proj", "aabbbc",
    "aac", "aabbbbc", "x", "", "a-1.c", "]x", "abab", "abc", "a{x}", "...", "aaaa",
    "model.layers.100.x", "my proj",
  ]

  @Test(
    arguments: [
      (
        #".*\.0\.(self_attn\.(q|v)_proj|mlp\.up_proj)"#,
        ["model.layers.0.self_attn.q_proj", "model.layers.0.self_attn.v_proj"]
      ),
      (#"q_proj"#, ["q_proj"]),
      (#".*q_proj"#, ["model.layers.0.self_attn.q_proj", "q_proj"]),
      (#"(.*\.)?(^model.layers.0.self_attn.v_proj)$"#, ["model.layers.0.self_attn.v_proj"]),
      (#"(.*\.)?(layers\.1\.mlp\.down_proj)$"#, ["model.layers.1.mlp.down_proj"]),
      (
        #"model\.layers\.\d+\.(?:self_attn|mlp)\.\w+_proj"#,
        [
          "model.layers.0.self_attn.q_proj", "model.layers.1.self_attn.v_proj",
          "model.layers.0.self_attn.v_proj", "model.layers.1.mlp.down_proj",
          "model.layers.12.mlp.up_proj",
        ]
      ),
      (
        #"model\.layers\.[0-9]{1,2}\..*"#,
        [
          "model.layers.0.self_attn.q_proj", "model.layers.1.self_attn.v_proj",
          "model.layers.0.self_attn.v_proj", "model.layers.1.mlp.down_proj",
          "model.layers.12.mlp.up_proj",
        ]
      ),
      (
        #"model\.layers\.[^0]\..*_proj"#,
        ["model.layers.1.self_attn.v_proj", "model.layers.1.mlp.down_proj"]
      ),
      (
        #"^(?!.*lm_head).*proj$"#,
        [
          "model.layers.0.self_attn.q_proj", "model.layers.1.self_attn.v_proj",
          "model.layers.0.self_attn.v_proj", "model.layers.1.mlp.down_proj",
          "model.layers.12.mlp.up_proj", "q_proj", "layers.1.self_attn.k_proj", "my proj",
        ]
      ),
      (
        #".*layers(?=\.1\.).*"#,
        [
          "model.layers.1.self_attn.v_proj", "model.layers.1.mlp.down_proj",
          "layers.1.self_attn.k_proj",
        ]
      ),
      (
        #"(?:.*?(?:self_attn|attention).*?(?:q|k|v)_proj)|(?:\bmodel\.layers\.[\d]{1,}\.(?:mlp)\.(?:up_proj))"#,
        [
          "model.layers.0.self_attn.q_proj", "model.layers.1.self_attn.v_proj",
          "model.layers.0.self_attn.v_proj", "model.layers.12.mlp.up_proj",
          "layers.1.self_attn.k_proj",
        ]
      ),
      (#"a{2}b{,3}c{1,}"#, ["aabbbc", "aac"]),
      (#"x|"#, ["x", ""]),
      (#"[a-c\d.-]+"#, ["aabbbc", "aac", "aabbbbc", "a-1.c", "abab", "abc", "...", "aaaa"]),
      (#"[]x]+"#, ["x", "]x"]),
      (#"(?P<n>ab)+"#, ["abab"]),
      (#".*\bproj\b"#, ["my proj"]),
      (
        #"\S+_proj"#,
        [
          "model.layers.0.self_attn.q_proj", "model.layers.1.self_attn.v_proj",
          "model.layers.0.self_attn.v_proj", "model.layers.1.mlp.down_proj",
          "model.layers.12.mlp.up_proj", "q_proj", "layers.1.self_attn.k_proj",
        ]
      ),
      (#"(a|b)*c?"#, ["aabbbc", "aac", "aabbbbc", "", "abab", "abc", "aaaa"]),
      (#"a{x}"#, ["a{x}"]),
      (#"[\W]+"#, ["..."]),
      (#"(a+)+$"#, ["aaaa"]),
      (#"layers\.(0|1)\.self_attn\.(q|k)_proj"#, ["layers.1.self_attn.k_proj"]),
    ] as [(String, [String])])
  func matchesAsPythonDoes(pattern: String, expected: [String]) throws {
    let compiled = try #require(PathPattern(pattern))
    #expect(Self.paths.filter(compiled.matches) == expected)
  }

  @Test(arguments: [
    #"("#, #"a)"#, #"*a"#, #"a**"#, #"[a"#, #"a{3,1}"#, #"(?<=a)b"#, #"(a)\1"#, #"\q"#, #"(?P<1"#,
    #"[z-a]"#, #"((a{1000}){1000}){1000}"#,
  ])
  func whatIsNotReadIsRefused(pattern: String) {
    #expect(PathPattern(pattern) == nil)
  }

  /// Each of these keeps a backtracking matcher busy for longer than anyone waits.
  @Test(
    .timeLimit(.minutes(1)),
    arguments: [
      #"(a+)+$"#, #"(a|aa)+$"#, #"(.*)*(.*)*(.*)*b"#, #"(?=(a+)+$)(a*)*b"#,
      #".*.*.*.*.*.*.*.*.*.*.*.*.*.*.*.*.*.*.*.*b"#,
    ])
  func hostilePatternsCostLittle(pattern: String) throws {
    let path = String(repeating: "a", count: 200) + "!"
    #expect(try #require(PathPattern(pattern)).matches(path) == false)
  }
}
