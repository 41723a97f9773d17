/** Vectors that were computed and cross-checked with other implementations (see SPEC.md). */

/** RFC 6962's reference leaves, hex. */
export const RFC_LEAVES = [
  "",
  "00",
  "10",
  "2021",
  "3031",
  "40414243",
  "5051525354555657",
  "606162636465666768696a6b6c6d6e6f",
];

/** Roots of the first n of them. */
export const RFC_ROOTS = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

/** Roots of our own entries `{"n":i}` of one account, by size. */
export const ENTRY_ROOTS: readonly (readonly [size: number, root: string])[] = [
  [1, "56372428d561f587c384f983dedc44fbde842467415230ebe975860c46215ee0"],
  [2, "61f387b914dae5169ea1d62dc08765a80864b34e023e6f57e189634c5d2b8f42"],
  [3, "9fb1dc6c620954968266429b25d4d3f5745f4b7c6af00439f154acea46f52659"],
  [7, "69a1966d280b7e0f74deb86439785db0fae1cfe374b7ce61e270acb7993949c4"],
  [8, "a301d3ed2317e1993a1ad0ff55de24ddea829ee6a71c3cd04c70f750fb7b3cff"],
  [255, "4a0d846fa04b8b1060029fac236966691e2dbeac0b5a4da3cdfa3406f633ac33"],
  [256, "749cd72f42811e5b644ffed9b5e21224238f05bf7dcea88553c7749f0374e08c"],
  [257, "39270f18eda73d3e537ec1d5c5f1dafbbb6e7e03a3408f6c694afc5cc12705d7"],
  [300, "ce46c3a897231fa1dfb712f071f53e0f5ac8dbed4b074e884a28b01702cb3164"],
];
export const ENTRY_ACCOUNT = "01JDTEST0000000000000000AC";

/** SHA-256 of what is served at size 300, with its length in bytes. */
export const SERVED_AT_300: readonly (readonly [path: string, bytes: number, sha256: string])[] = [
  ["tile/0/000", 8192, "d974673b235b91cba41a823a697ee9f54493a5d70ccea9baa0deeb9446f98e66"],
  ["tile/0/001.p/44", 1408, "4e66547e1aa46c4c011c32895694e7f1ec3388249a12b940cc1fb3557d4c7481"],
  ["tile/entries/000", 21286, "6a5723ba76af28976de8736259bc287ebb2f1fbbbab7c62a3d8c8a4871095034"],
  [
    "tile/entries/001.p/44",
    3696,
    "a45acde376945fdff928ff93d54ca59605d890727417d8491aa2471a701e0682",
  ],
];

/** Bytes from `first` on, each one more than the last. */
export const counting = (first: number, length = 32): Uint8Array =>
  Uint8Array.from({ length }, (_, at) => first + at);

export const LOG_SEED = counting(0x00);
export const PC_SEED = counting(0x20);
export const ORIGIN = "gw.example/audit/7f3a";
export const PC_NAME = "gw.example/pc/01";
export const LOG_VKEY =
  "gw.example/audit/7f3a+f7516007+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";
export const PC_VKEY = "gw.example/pc/01+be331b2a+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X";
export const COSIGNED_AT = 1_800_000_000;

export const CHECKPOINT_8 = `gw.example/audit/7f3a
8
owHT7SMX4Zk6GtD/Vd4k3eqCnuanHDzQTHD3UPt7PP8=

— gw.example/audit/7f3a 91FgB2X8/WebLEy/Bx/bnBPHMYqh+uxXj9SiFSFj23KN9oLnZ34gYlPujK7UfoZl2HnCh7j7XyitDjWupMd9816WvAM=
— gw.example/pc/01 vjMbKgAAAABrSdIAmTNGVgKSpN9RG4XjQva7/7TDqfP9eaNTuZi2SlSxnV0HeXpXN+IT/DUdAmM4gRAcehM1wHdnkYxjAtcDzlWiCw==
`;
export const CHECKPOINT_8_SHA256 =
  "1dd5435b92d9f73452f5293ad1568027068aafe54d5e0e7228ec26794e6c2756";
export const SIZE_3_LINE =
  "— gw.example/audit/7f3a 91FgB8k/iSd+lMX6bFQE1qivRTbA391r2Hb8r8n1g8pEJueJAbYngRd0RtjSaoFsrNS5KrvI0tjV3CFB3GLDLHU95Qg=";
export const CONSISTENCY_3_8 = [
  "O5QYwBoMbLIY5WbTJVluKpgEF3U/t08TGegb4z4jGGE=",
  "i5YCx/jf27Lz4rWs+yMbSDK3Vew1lNuW9ZFLdRhll5g=",
  "YfOHuRTa5RaeodYtwIdlqAhks04CPm9X4YljTF0rj0I=",
  "jjZxrwNe9WdryN7GsCbaQ/I0/DgjGx61PBkF4kywNiI=",
];
export const EXTRA_BASE64 = "eyJ2IjoxfQ==";
export const PROOF_2_OF_8_SHA256 =
  "2a2b9f60b3caebabe5fe38fcfaf7b966aaa5f23e9536a196ddb084309e1a47f2";
export const ORIGIN_SHA256 = "1c9c2858c992f24808719885ccda067e491b75a0308ed9a4b4e7d1ababe75c13";
export const COMMITMENT = "905a736045195256a1d93223e01ba54334031f11d3ec85708f3c2f0c39a7f3e5";
export const DERIVED_LOG_SEED = "651b53c83cd6805a1f98d58d1dba4be99c9af268f2f219f91e43f1caa06b4ed5";
export const STATEMENT_TEXT =
  '{"coid":"ieg1-00000000000000000000000000000000","kind":"sent","v":1}';
export const STATEMENT_SIGNATURE =
  "M5rNW_ASDiuA91isHii1FFZnQ14sL4yR0a5FBpY5Eub5GIWi3Id3NrVmZB7yXNYppz-OBMrg0dE1dCI6ahg_Aw";
