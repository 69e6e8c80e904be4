// 中文：收银台的词条之源。新词条先写在这里，其他语言缺少时构建失败。
export const zh = {
  "till.name": "收银台",
} as const;
