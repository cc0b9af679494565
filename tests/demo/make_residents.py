#!/usr/bin/env python3
"""Writes residents.csv: 300 invented residents of an invented community. Run once; the result is committed.

Names are drawn from lists, numbers are +86138000xxxxx, which belong to nobody here: the demo never leaves this machine."""
import csv
import pathlib
import random

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡林郭何高罗郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚卢傅钟姜崔谭廖范汪陆金石戴贾韦夏邱方侯邹熊孟秦白江阎薛尹段雷符"
GIVEN = ["伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "娟", "涛", "明", "超", "秀英", "霞", "平", "刚", "桂英", "建国", "志强", "海燕", "晓东",
         "玉兰", "小红", "子轩", "雨欣", "浩然", "思远", "嘉怡", "一鸣", "文博", "梓涵", "国庆", "春梅", "秋菊", "冬生", "海生", "阿妹", "亚光", "美玲", "琼花"]
COUNT, BUILDINGS = 300, 6


def main():
    draw = random.Random(20250923)
    names = draw.sample([s + g for s in SURNAMES for g in GIVEN], COUNT)
    players = set(draw.sample(range(COUNT), 40))
    with open(pathlib.Path(__file__).with_name("residents.csv"), "w", encoding="utf-8", newline="") as f:
        out = csv.writer(f, lineterminator="\n")
        out.writerow(["姓名", "手机", "区划", "楼栋", "标签"])
        for i, name in enumerate(names):
            tags = ["篮球"] if i in players else []
            if i not in players and draw.random() < 0.28:
                tags.append("老人")
            for tag, share in (("志愿者", 0.08), ("党员", 0.07), ("广场舞", 0.10), ("网格员", 0.02)):
                if draw.random() < share:
                    tags.append(tag)
            out.writerow([name, f"138000{i + 1:05d}", "460106", f"{i * BUILDINGS // COUNT + 1}栋", ";".join(tags)])


if __name__ == "__main__":
    main()
