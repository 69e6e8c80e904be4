// 中文：会员端的词条之源。新词条先写在这里，其他语言缺少时构建失败。
export const zh = {
  "app.name": "会员",
} as const;
